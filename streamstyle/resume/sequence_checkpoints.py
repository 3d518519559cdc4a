"""Checkpoints of an image sequence: every image is finished for itself, so only what is carried has to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from streamstyle.errors import OutputError
from streamstyle.frames import OutputFrame
from streamstyle.media.image_sequence import numbered
from streamstyle.resume.checkpoint import (
    Checkpoint,
    DamagedError,
    ResumePoint,
    device_notice,
    has_content,
    read_sequence_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)
from streamstyle.resume.checkpoint_writer import ResumeNeeds, ResumeState
from streamstyle.resume.packet_digest import Digest
from streamstyle.resume.signature import check_unchanged

_NO_DIGEST = Digest("", "")


class SequenceCheckpoints:
    """Keeps the checkpoint of one run up to date."""

    def __init__(
        self,
        output: Path,
        signature: Mapping[str, str],
        needs: ResumeNeeds,
        device: str,
        time_base: Fraction,  # seconds per tick of `FramePosition.pts`
        first_number: int,
        warn: Callable[[str], None],
        *,
        restart: bool,
    ) -> None:
        """Find where an earlier run ended, unless `restart` is set.

        OutputError if it had another signature; `warn` is told where what it wrote is no longer there.
        """
        self._output, self._signature, self._device, self._needs = output, signature, device, needs
        self._time_base, self._first = time_base, first_number
        self._earlier_device = device
        self.resume = ResumePoint() if restart else self._find(warn)
        self.resumable_frames = self.resume.frames
        """Number of frames after which a later run would resume."""
        self._state = ResumeState(needs, self.resume)
        self._frames, self._due = self.resume.frames, None if not self.resume.positions else self._next_due()
        self._problem: str | None = None

    def _find(self, warn: Callable[[str], None]) -> ResumePoint:
        try:
            checkpoint = read_sequence_checkpoint(self._output)
        except DamagedError as error:
            warn(f"{error.problem}; the run starts from the beginning")
            return ResumePoint()
        if checkpoint is None or not checkpoint.resume_point.frames:
            return ResumePoint()
        check_unchanged(checkpoint.signature, self._signature, self._output)
        frames = checkpoint.resume_point.frames
        images = (numbered(self._output, self._first + index) for index in range(frames))
        if missing := next((image for image in images if not has_content(image)), None):
            warn(f"{missing.name} of an earlier run is missing; the run starts from the beginning")
            return ResumePoint()
        self._earlier_device = checkpoint.device
        return checkpoint.resume_point

    def _next_due(self) -> Fraction:
        return self.resume.positions[-1].pts * self._time_base + self._needs.interval

    def frame_written(self, frame: OutputFrame) -> None:
        """Note a frame whose image is complete; where it is time, write the checkpoint."""
        self._state.add(frame)
        self._frames += 1
        time = frame.position.pts * self._time_base
        if self._due is None or time >= self._due:
            self._write()
            self._due = time + self._needs.interval

    def close(self) -> None:
        """Write the checkpoint of all frames so far."""
        if self._frames > self.resumable_frames:
            self._write()

    def finish(self) -> None:
        """Remove the checkpoint: all images are written."""
        try:
            remove_checkpoint(self._output)
        except OSError as error:
            self._problem = f"the checkpoint beside {self._output} cannot be removed: {error.strerror}"

    def changed_device(self) -> str | None:
        """Return what the user should know if the resumed frames were made by other arithmetic; else None."""
        return device_notice(self.resume.frames, self._earlier_device, self._device)

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield what the user should know at the end."""
        if self._problem:
            yield self._problem

    def _write(self) -> None:
        point = self._state.point_now()
        if point is None:
            return
        checkpoint = Checkpoint(point, "", self._signature, "", self._device, _NO_DIGEST)
        try:
            write_checkpoint(self._output, checkpoint)
        except (OSError, RuntimeError, OutputError) as error:  # RuntimeError: tensors on a GPU that has failed
            why = getattr(error, "strerror", None) or str(error).partition("\n")[0]
            self._problem = f"a later run would resume after {self.resumable_frames} frames only: {why}"
            return
        self.resumable_frames = point.frames
