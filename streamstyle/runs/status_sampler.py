"""Samples of a run in progress: speed, queues, memory, and the warping error and sharpness of what has been written."""

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
from streamstyle.ops.luma import BT709
from streamstyle.ops.transfer import to_device
from streamstyle.runs.history import History, Ratio

_WINDOW_SAMPLES = 24
"""Samples over which the seconds of each stage are averaged."""

_HISTORY_SAMPLES = 120
"""Samples of which `fps_history` consists."""

_STRIDE = 8
"""One pixel in so many, along rows and columns, is compared; the offset of the grid changes with each frame."""

_COLUMN_STEP = 3
"""Pixels by which the grid moves along the columns with each frame; along the rows it is one."""


class StatusSampler:
    """Samples the status of this process's run."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call always returns 0
        self._marks: deque[tuple[int, float, dict[str, float]]] = deque(maxlen=_WINDOW_SAMPLES)
        self._fps_history: deque[float] = deque(maxlen=_HISTORY_SAMPLES)
        self._history = History()
        self._errors_before: dict[str, float] = {}

    def sample(self, context: FrameContext, paused: bool, metrics: OnlineMetrics) -> StatusSampled:
        """Return the status; samples of a paused run do not enter the averages."""
        if not paused:
            self._add_mark(context, metrics)
        stages = self._stage_seconds()
        return StatusSampled(
            frame=context.frames,
            paused=paused,
            queues={name: (queue.ready, queue.capacity) for name, queue in context.queues.items()},
            stages=stages,
            bottleneck=_bottleneck(stages, context),
            fps_history=tuple(self._fps_history),
            losses=dict(context.stylised.losses),
            warping_error=metrics.warping_error(),
            sharpness=metrics.sharpness(),
            memory=self._process.memory_info().rss,
            cpu=self._process.cpu_percent(),
            gpu_memory=torch.cuda.memory_reserved() if context.stylised.image.is_cuda else None,
            bytes_written=context.partial.stat().st_size if context.partial.exists() else 0,
            history=self._history.columns(),
        )

    def _add_mark(self, context: FrameContext, metrics: OnlineMetrics) -> None:
        mark = context.frames, context.clock.seconds, dict(context.timer.seconds)
        if self._marks and mark[0] > self._marks[-1][0]:
            before = self._marks[-1]
            frames, seconds = mark[0] - before[0], mark[1] - before[1]
            self._fps_history.append(round(frames / max(seconds, 1e-6), 4))
            ratios = self._ratios(frames, seconds, context.stylised.losses, metrics)
            self._history.add(before[0], mark[0], ratios)
        self._marks.append(mark)

    def _ratios(
        self, frames: int, seconds: float, losses: Mapping[str, float], metrics: OnlineMetrics
    ) -> dict[str, Ratio]:
        """Return the figures of the frames since the last sample; for the losses the last frame stands for all."""
        errors, before = metrics.total_errors(), self._errors_before
        self._errors_before = errors
        change = {name: total - before.get(name, 0.0) for name, total in errors.items()}
        return {
            "fps": (frames, seconds),
            **({"steadiness": (change["per_frame"], change["output"])} if change else {}),
            **{f"losses.{name}": (frames * value, frames) for name, value in losses.items()},
        }

    def _stage_seconds(self) -> dict[str, float]:
        """Return the seconds per frame of each stage, from the first mark of the window to the last."""
        (first_frame, _, first), (last_frame, _, last) = self._marks[0], self._marks[-1]
        frames = last_frame - first_frame
        return (
            {name: (last[name] - first.get(name, 0.0)) / frames for name in last if name != "paused"} if frames else {}
        )


def _bottleneck(stages: Mapping[str, float], context: FrameContext) -> str:
    """Return the slowest stage; if the run mostly waits, the prefetching stage that it waits for."""
    slowest = max(stages, key=lambda name: stages[name], default="")
    if slowest != "wait":
        return slowest
    waits_for_decode = "flow" not in context.queues or context.queues["decode"].ready <= 1
    return "decode" if waits_for_decode else "flow"


@dataclass(slots=True)
class OnlineMetrics:
    """The mean warping error and sharpness so far, of the output and of the per-frame stylisation, on a grid of pixels.

    The same measures as in `evaluate.metrics`: the warping error at a gap of 1, along the flow of the run itself, and
    the sharpness of the same frames. Neither flicker nor blur affects only single pixels, so a grid is enough.
    """

    _previous: StylisedFrame | None = None
    _frames: int = 0
    _errors: dict[str, Tensor | float] = field(default_factory=lambda: {"output": 0.0, "per_frame": 0.0})
    """On the device of the frames, so that a GPU is not waited for before the means are asked for."""
    _gradients: dict[str, Tensor | float] = field(default_factory=lambda: {"output": 0.0, "per_frame": 0.0})
    """As `_errors`."""

    def add(self, stylised: StylisedFrame) -> None:
        """Measure a frame and compare it with the one before; the first frame of a shot is left out."""
        motion, previous = stylised.flowed.motion, self._previous
        self._previous = stylised
        if motion is None or previous is None:
            return
        self._frames += 1
        grid = _SampleGrid.from_motion(motion.backward, motion.weight, self._frames).to(stylised.image.device)
        for name, image, before in (
            ("output", stylised.image, previous.image),
            ("per_frame", stylised.per_frame, previous.per_frame),
        ):
            self._errors[name] += grid.error(image, before)
            self._gradients[name] += grid.gradient(image)

    def total_errors(self) -> dict[str, float]:
        """Return the sums of both errors, by name; empty before any frame was compared."""
        return {name: float(total) for name, total in self._errors.items()} if self._frames else {}

    def warping_error(self) -> dict[str, float]:
        """Return both errors in squared units of [0, 1], by name; empty before any frame was compared."""
        return self._means(self._errors)

    def sharpness(self) -> dict[str, float]:
        """Return both gradients of luma in units of [0, 1] per pixel, by name; empty before any frame was compared."""
        return self._means(self._gradients)

    def _means(self, sums: Mapping[str, Tensor | float]) -> dict[str, float]:
        return {name: float(total) / self._frames for name, total in sums.items()} if self._frames else {}


@dataclass(frozen=True, slots=True)
class _SampleGrid:
    rows: slice
    columns: slice
    grid: Tensor
    """[1, h, w, 2]: positions of the pixels in the previous frame, as `grid_sample` has them, in -1..1."""
    weight: Tensor
    """[h, w]: consistency weight."""

    @staticmethod
    def from_motion(
        backward: Tensor,  # [2, H, W] pixels
        weight: Tensor,  # [H, W]
        shift: int,
    ) -> _SampleGrid:
        height, width = weight.shape
        top, left = shift % _STRIDE, shift * _COLUMN_STEP % _STRIDE
        rows, columns = slice(top, None, _STRIDE), slice(left, None, _STRIDE)
        u, v = backward[:, rows, columns]
        x = u + torch.arange(left, width, _STRIDE, device=u.device)
        y = v + torch.arange(top, height, _STRIDE, device=v.device)[:, None]
        grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
        return _SampleGrid(rows, columns, grid[None], weight[rows, columns])

    def to(self, device: torch.device) -> _SampleGrid:
        return replace(self, grid=to_device(self.grid, device), weight=to_device(self.weight.contiguous(), device))

    def error(
        self,
        image: Tensor,  # [3, H, W]
        previous: Tensor,  # [3, H, W]
    ) -> Tensor:  # scalar, float64
        carried = F.grid_sample(previous[None], self.grid, "bilinear", "border", align_corners=False)[0]
        squared = (image[:, self.rows, self.columns] - carried).square().mean(0)
        return ((self.weight * squared).sum() / self.weight.sum().clamp_min(1e-6)).double()

    def gradient(self, image: Tensor) -> Tensor:  # [3, H, W] -> scalar, float64
        """Return the mean magnitude of the gradient of luma; pixels of the last row and column are left out."""
        height, width = image.shape[1:]
        here, right, below = (
            _luma(image[:, slice(self.rows.start + down, height - 1 + down, _STRIDE),
                        slice(self.columns.start + across, width - 1 + across, _STRIDE)])
            for down, across in ((0, 0), (0, 1), (1, 0))
        )  # fmt: skip
        return ((right - here).square() + (below - here).square()).sqrt().mean().double()


def _luma(image: Tensor) -> Tensor:  # [3, h, w] -> [h, w]
    return BT709.red * image[0] + BT709.green * image[1] + BT709.blue * image[2]
