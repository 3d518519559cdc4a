"""How the run stands: its queues, its stages, what it uses."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import psutil
import torch

from streamstyle.events import StatusSampled
from streamstyle.moment import Moment

_WINDOW = 24
"""Surveys that "lately" goes back."""

_HISTORY = 120
"""Paces that are remembered."""


class StatusSampler:
    """Takes stock of the run, each time it is asked."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first answer is always 0
        self._marks: deque[tuple[int, float, dict[str, float]]] = deque(maxlen=_WINDOW)
        self._fps_history: deque[float] = deque(maxlen=_HISTORY)

    def sample(self, moment: Moment, paused: bool, warping_error: dict[str, float]) -> StatusSampled:
        """Return how the run stands."""
        if not paused:
            self._mark(moment)
        stages = self._stages()
        return StatusSampled(
            frame=moment.frames,
            paused=paused,
            queues={name: (queue.waiting, queue.room) for name, queue in moment.queues.items()},
            stages=stages,
            bottleneck=_bottleneck(stages, moment),
            fps_history=tuple(self._fps_history),
            losses=dict(moment.painted.losses),
            warping_error=warping_error,
            memory=self._process.memory_info().rss,
            cpu=self._process.cpu_percent(),
            gpu_memory=torch.cuda.memory_reserved() if moment.painted.image.is_cuda else None,
            bytes_written=moment.partial.stat().st_size if moment.partial.exists() else 0,
        )

    def _mark(self, moment: Moment) -> None:
        now = moment.frames, moment.clock.seconds, dict(moment.stopwatch.seconds)
        if self._marks and now[0] > self._marks[-1][0]:
            frames, seconds = now[0] - self._marks[-1][0], now[1] - self._marks[-1][1]
            self._fps_history.append(round(frames / max(seconds, 1e-6), 4))
        self._marks.append(now)

    def _stages(self) -> dict[str, float]:
        (first, _, then), (last, _, now) = self._marks[0], self._marks[-1]
        if last == first:
            return {}
        return {name: (now[name] - then.get(name, 0.0)) / (last - first) for name in now if name != "paused"}


def _bottleneck(stages: Mapping[str, float], moment: Moment) -> str:
    """Return what the others wait for: the slowest stage, or, where that is waiting, whoever makes what is awaited."""
    slowest = max(stages, key=lambda name: stages[name], default="")
    if slowest != "wait":
        return slowest
    starved = "flow" not in moment.queues or moment.queues["decode"].waiting <= 1
    return "decode" if starved else "flow"
