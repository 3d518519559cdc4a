"""Says what a run on a cluster has done, in the events of any other run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamstyle.cluster.orders import View
from streamstyle.cluster.pieces import Piece
from streamstyle.events import (
    Finished,
    FrameWritten,
    Observer,
    ShotStarted,
    Started,
    Stopped,
    Warned,
    WorkersSampled,
)
from streamstyle.settings import Settings
from streamstyle.styles.spec import StyleBlend
from streamstyle.timing import PausableClock
from streamstyle.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class HeadContext:
    """State of a run on a cluster, several times a second."""

    frames: int
    """Done so far, those of pieces in work and of an earlier run included."""
    clock: PausableClock
    """Time of the work; to be paused while the workers are."""
    show: Callable[[View], Any]
    """Orders a view of a frame that is being painted; returns what the last order has shown, None if nothing yet."""


OnPoll = Callable[[HeadContext], bool]
"""Returns whether the workers are to pause."""


class Reporter:
    """Counts the frames of a run and reports events."""

    def __init__(self, video: VideoInfo, observe: Observer, on_poll: OnPoll, show: Callable[[View], Any]) -> None:
        """`on_poll` is called with each report of progress."""
        self._video, self._observe, self._on_poll, self._show = video, observe, on_poll, show
        self._clock = PausableClock()
        self._frames = self._resumed = self._shown = 0
        self._said = set[str]()

    def started(self, output: Path, style: StyleBlend, settings: Settings, device: str, resumed: int) -> None:
        """Report that the run begins, after `resumed` frames of an earlier one."""
        self._resumed = resumed
        self._observe(
            Started(
                output=str(output),
                method=settings.consistency.method.value,
                style=style.name,
                device=device,
                upscale=settings.upscale.upscale,
                resumed_frames=resumed,
                **self._video.event_fields(),
            )
        )
        self._clock = PausableClock()

    def warn(self, message: str) -> None:
        """Report a warning, once."""
        if message not in self._said:
            self._said.add(message)
            self._observe(Warned(message))

    def resumed(self, piece: Piece) -> None:
        """Count a piece that an earlier run has done."""
        self._frames += len(piece.frames)

    def painted(self, piece: Piece) -> None:
        """Report a piece that is done."""
        self._observe(ShotStarted(piece.first.shot, piece.first.index, self._video.seconds(piece.first.pts)))
        self._frames += len(piece.frames)

    def progress(self, frames_in_work: int, workers: WorkersSampled | None) -> bool:
        """Report the frames that are done, those of pieces in work included, where their number has grown.

        Returns whether the workers are to pause.
        """
        frames, total = self._frames + frames_in_work, self._video.frames
        if frames > self._shown:
            self._shown = frames
            time = (self._video.duration or 0) * frames / total if total else 0.0
            self._observe(FrameWritten(frames, total, time, self._clock.seconds))
        if workers is not None:
            self._observe(workers)
        return self._on_poll(HeadContext(self._shown, self._clock, self._show))

    def finished(self, output: Path, shots: int) -> Finished:
        """Report that the output is complete; return the event."""
        finished = Finished(str(output), self._frames, shots, self._clock.seconds, 0, 0, self._resumed)
        self._observe(finished)
        return finished

    def stopped(self, folder: Path) -> Stopped:
        """Report that the run was stopped; return the event."""
        stopped = Stopped(str(folder), self._frames, self._clock.seconds, self._resumed, self._frames)
        self._observe(stopped)
        return stopped
