"""How the run stands: its queues, its stages, what it uses."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import psutil
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.events import StatusSampled
from streamstyle.frames import StylisedFrame
from streamstyle.job import FrameContext
from streamstyle.ops.transfer import to_device

_WINDOW_SAMPLES = 24
"""Surveys that "lately" goes back."""

_HISTORY_SAMPLES = 120
"""Paces that are remembered."""


class StatusSampler:
    """Takes stock of the run, each time it is asked."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first answer is always 0
        self._marks: deque[tuple[int, float, dict[str, float]]] = deque(maxlen=_WINDOW_SAMPLES)
        self._fps_history: deque[float] = deque(maxlen=_HISTORY_SAMPLES)

    def sample(self, moment: FrameContext, paused: bool, warping_error: dict[str, float]) -> StatusSampled:
        """Return how the run stands."""
        if not paused:
            self._add_mark(moment)
        stages = self._stage_seconds()
        return StatusSampled(
            frame=moment.frames,
            paused=paused,
            queues={name: (queue.ready, queue.capacity) for name, queue in moment.queues.items()},
            stages=stages,
            bottleneck=_bottleneck(stages, moment),
            fps_history=tuple(self._fps_history),
            losses=dict(moment.stylised.losses),
            warping_error=warping_error,
            memory=self._process.memory_info().rss,
            cpu=self._process.cpu_percent(),
            gpu_memory=torch.cuda.memory_reserved() if moment.stylised.image.is_cuda else None,
            bytes_written=moment.partial.stat().st_size if moment.partial.exists() else 0,
        )

    def _add_mark(self, moment: FrameContext) -> None:
        now = moment.frames, moment.clock.seconds, dict(moment.timer.seconds)
        if self._marks and now[0] > self._marks[-1][0]:
            frames, seconds = now[0] - self._marks[-1][0], now[1] - self._marks[-1][1]
            self._fps_history.append(round(frames / max(seconds, 1e-6), 4))
        self._marks.append(now)

    def _stage_seconds(self) -> dict[str, float]:
        (first, _, then), (last, _, now) = self._marks[0], self._marks[-1]
        if last == first:
            return {}
        return {name: (now[name] - then.get(name, 0.0)) / (last - first) for name in now if name != "paused"}


def _bottleneck(stages: Mapping[str, float], moment: FrameContext) -> str:
    """Return what the others wait for: the slowest stage, or, where that is waiting, whoever makes what is awaited."""
    slowest = max(stages, key=lambda name: stages[name], default="")
    if slowest != "wait":
        return slowest
    starved = "flow" not in moment.queues or moment.queues["decode"].ready <= 1
    return "decode" if starved else "flow"


STRIDE = 8
"""One pixel in so many, along rows and columns, is looked at, another one each frame."""

_COLUMN_STEP = 3
"""With `EVERY`: the columns looked at go round in another order than the rows."""


@dataclass(slots=True)
class OnlineWarpingError:
    """The mean warping error so far, of the result and of the frames painted alone, on a lattice of pixels.

    That of `evaluate.metrics.warping_error` (Lai et al. 2018) at a gap of 1, along the flow the film is made with. What
    is not steady is seldom so in one pixel alone, so a lattice is enough.
    """

    _previous: StylisedFrame | None = None
    _frames: int = 0
    _sums: dict[str, Tensor | float] = field(default_factory=lambda: {"output": 0.0, "per_frame": 0.0})
    """Where the pictures are: nobody waits for a GPU before they are asked for."""

    def add(self, painted: StylisedFrame) -> None:
        """Compare a frame with the one before."""
        motion, before = painted.flowed.motion, self._previous
        self._previous = painted
        if motion is None or before is None:
            return
        self._frames += 1
        lattice = _SampleGrid.from_motion(motion.backward, motion.weight, self._frames).to(painted.image.device)
        self._sums["output"] += lattice.error(painted.image, before.image)
        self._sums["per_frame"] += lattice.error(painted.per_frame, before.per_frame)

    def mean(self) -> dict[str, float]:
        """Return both errors, in squared units of [0, 1]; empty where there was no flow yet."""
        return {name: float(total) / self._frames for name, total in self._sums.items()} if self._frames else {}


@dataclass(frozen=True, slots=True)
class _SampleGrid:
    rows: slice
    columns: slice
    grid: Tensor
    """[1, h, w, 2]: where the pixels were a frame earlier, in -1..1 from edge to edge."""
    weight: Tensor
    """[h, w]."""

    @staticmethod
    def from_motion(backward: Tensor, weight: Tensor, shift: int) -> _SampleGrid:
        height, width = weight.shape
        top, left = shift % STRIDE, shift * _COLUMN_STEP % STRIDE
        rows, columns = slice(top, None, STRIDE), slice(left, None, STRIDE)
        u, v = backward[:, rows, columns]
        x = u + torch.arange(left, width, STRIDE, device=u.device)
        y = v + torch.arange(top, height, STRIDE, device=v.device)[:, None]
        grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
        return _SampleGrid(rows, columns, grid[None], weight[rows, columns])

    def to(self, device: torch.device) -> _SampleGrid:
        return replace(self, grid=to_device(self.grid, device), weight=to_device(self.weight.contiguous(), device))

    def error(self, later: Tensor, earlier: Tensor) -> Tensor:  # scalar, float64
        carried = F.grid_sample(earlier[None], self.grid, "bilinear", "border", align_corners=False)[0]
        squared = (later[:, self.rows, self.columns] - carried).square().mean(0)
        return ((self.weight * squared).sum() / self.weight.sum().clamp_min(1e-6)).double()
