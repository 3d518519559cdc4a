"""Says what a run on a cluster has done, in the events of any other run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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


class Reporter:
    """Counts the frames of a run and reports events."""

    def __init__(self, video: VideoInfo, observe: Observer, on_poll: Callable[[], None]) -> None:
        """`on_poll` is called with each report of progress."""
        self._video, self._observe, self._on_poll = video, observe, on_poll
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

    def progress(self, frames_in_work: int, workers: WorkersSampled | None) -> None:
        """Report the frames that are done, those of pieces in work included, where their number has grown."""
        frames, total = self._frames + frames_in_work, self._video.frames
        if frames > self._shown:
            self._shown = frames
            time = (self._video.duration or 0) * frames / total if total else 0.0
            self._observe(FrameWritten(frames, total, time, self._clock.seconds))
        if workers is not None:
            self._observe(workers)
        self._on_poll()

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
