"""Writes checkpoints during a run: each time a keyframe has reached the file, and when the file is closed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

from streamstyle.errors import OutputError
from streamstyle.frames import Feedback, FramePosition, OutputFrame
from streamstyle.media.output_file import PartialFile
from streamstyle.media.output_names import partial_path
from streamstyle.media.standard_streams import StandardOutput
from streamstyle.resume.checkpoint import (
    RESTART_HINT,
    Checkpoint,
    FileIdentity,
    ResumePoint,
    device_notice,
    write_checkpoint,
)
from streamstyle.resume.earlier_run import EarlierRun, NoSideFiles, SideFiles
from streamstyle.resume.keyframe_tracker import KeyframeTracker
from streamstyle.resume.packet_digest import Digest, PacketDigest
from streamstyle.resume.partial_video import damaged, decoder_parameters, read_packets
from streamstyle.settings import Method, Settings

INTERVAL = Fraction(5)
INTERVAL_RUDER = Fraction(1)
"""Seconds of video between two resume points; with method ruder five seconds may take an hour to compute."""

_NOTHING = EarlierRun()


@dataclass(frozen=True, slots=True)
class ResumeNeeds:
    """What a frame depends on besides itself, which a later run needs to resume with it."""

    lookback: int = 1
    """Number of frames before it that are decoded again."""
    feedback: bool = False
    """Whether anything is carried to it from the frame before."""
    whole_shots: bool = False
    """Whether it depends on more of its shot than that, so that a run can resume only at a cut."""
    interval: Fraction = INTERVAL
    """Seconds of video between two resume points if there is no cut."""

    @classmethod
    def from_settings(cls, settings: Settings) -> ResumeNeeds:
        """Return what stylising with these settings needs."""
        method = settings.consistency.method
        return cls(
            lookback=settings.consistency.lookback[-1],
            feedback=settings.methods != {Method.johnson},
            whole_shots=settings.is_multi_pass,
            interval=INTERVAL_RUDER if method is Method.ruder else INTERVAL,
        )


class CheckpointWriter:
    """Keeps the checkpoint of one run up to date.

    The `VideoWriter` asks it for a `resume_point` before each frame, and reports its files, encoder, frames and packets
    and the end of the file. What a checkpoint says of the packets is read back from the file once, since there are
    muxers that change them.
    """

    def __init__(
        self,
        output: Path,
        signature: Mapping[str, str],
        needs: ResumeNeeds,
        device: str,  # and what else determines how results are rounded
        time_base: Fraction,  # seconds per tick of `FramePosition.pts`
        earlier: EarlierRun = _NOTHING,
    ) -> None:
        """Start where the earlier run ended, or at the beginning of the video."""
        self.earlier = earlier
        """What this run takes over."""
        self._resumed = earlier.video.checkpoint if earlier.video else None
        self.resume = self._resumed.resume_point if self._resumed else ResumePoint()
        self.device = device
        self.resumable_frames = self.resume.frames
        """Number of frames after which a later run would resume."""
        self._output, self._signature, self._time_base = output, signature, time_base
        self._state = ResumeState(needs, self.resume)
        self._keyframes = KeyframeTracker(needs.interval, self.resume.frames)
        self._latest = self.resume, self._resumed.digest if self._resumed else Digest("", "")
        self._encoder = ""
        self._problem: str | None = None
        self._is_read_back = False

    def open(
        self, file: PartialFile | StandardOutput, side_files: SideFiles | NoSideFiles, packets: PacketDigest
    ) -> None:
        """Note the file that is written, and the digest of its packets, which the `VideoWriter` keeps."""
        self._file, self._side_files, self._packets = file, side_files, packets

    def check_encoder(self, codec: str, extradata: bytes | None) -> None:
        """Note the encoder, once it is open; OutputError if its packets cannot follow those of the earlier run."""
        self._encoder = blake2b(decoder_parameters(codec, extradata), digest_size=16).hexdigest()
        if self._resumed and self._resumed.encoder != self._encoder:
            raise OutputError(
                f"{partial_path(self._output).name} was encoded by another version of {codec}",
                RESTART_HINT,
            )

    def resume_point(self, frame: OutputFrame) -> ResumePoint | None:
        """Return the state needed to resume with the next frame if it is to become a keyframe; otherwise None."""
        point, cut = self._state.point_before(frame), frame.position.shot != self._state.shot
        due = point is not None and self._keyframes.is_due(frame.position.pts * self._time_base, cut)
        return point if due else None

    def frame_encoded(self, frame: OutputFrame) -> None:
        """Note a frame that was passed to the encoder."""
        self._state.add(frame)

    def expect_keyframe(self, point: ResumePoint, pts: int) -> None:
        """Note the time, in ticks of the encoder, of a frame that was requested as a keyframe to resume at."""
        self._keyframes.expect(point, pts)

    def frames_copied(self) -> None:
        """Note that all packets of the earlier run have been muxed."""
        if self._resumed:
            self._is_read_back = self._packets.digest().matches(self._resumed.digest)

    def packet_muxed(self, pts: int | None, is_keyframe: bool, decode_time: Fraction | None, before: Digest) -> None:
        """Note an encoded packet that was muxed, and the digest of the packets `before` it.

        `pts` is in ticks of the encoder, `decode_time` in seconds.
        """
        written = self._keyframes.packet_muxed(pts, is_keyframe, decode_time or Fraction(0), before)
        if written is not None:
            self._write(*written, is_closed=False)

    def closing(self) -> None:
        """Note that the header of the file, by which it is known to be ours, may be rewritten now."""
        if self.resumable_frames == self.resume.frames:  # otherwise it is known by its frames
            self._side_files.note_closing()

    def close(self) -> None:
        """Write the checkpoint of all frames so far; the file has been closed."""
        point, digest = self._latest
        if now := self._state.point_now():
            point, digest = now, self._packets.digest()
        if 0 < point.frames <= self._keyframes.packets:
            self._write(point, digest, is_closed=True)

    def changed_device(self) -> str | None:
        """Return what the user should know if the resumed frames were made by other arithmetic; else None."""
        before = self._resumed.device if self._resumed else self.device
        return device_notice(self.resume.frames, before, self.device)

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield what the user should know at the end."""
        if stopped and self._problem:
            yield self._problem

    def _write(self, point: ResumePoint, digest: Digest, *, is_closed: bool) -> None:
        partial = self._file.path
        try:
            self._file.sync()
            digest = self._read_back(point.frames, digest, is_closed)
            files = {partial.name: FileIdentity.of(partial), **self._side_files.aside()}
            checkpoint = Checkpoint(point, partial.name, self._signature, self._encoder, self.device, digest, files)
            write_checkpoint(self._output, checkpoint)
            self._side_files.remove_aside()
        except (OSError, RuntimeError, OutputError) as error:  # RuntimeError: tensors on a GPU that has failed
            why = getattr(error, "strerror", None) or str(error).partition("\n")[0]
            self._problem = f"a later run would resume after {self.resumable_frames} frames only: {why}"
            return
        self.resumable_frames, self._problem, self._latest = point.frames, None, (point, digest)

    def _read_back(self, frames: int, digest: Digest, is_closed: bool) -> Digest:
        """Return the digest of the packets as they are in the file; OutputError if they cannot be read yet."""
        if self._is_read_back:
            return digest
        stored = Digest("", "")
        for count, (_, packets) in enumerate(read_packets(self._file.path, frames), 1):
            if count == frames:
                stored = packets.digest()
        self._is_read_back = stored.matches(digest)
        if self._is_read_back:
            return digest
        if not is_closed or not stored.content:
            raise damaged(self._file.path, frames)
        return Digest(stored.content, "")


class NullCheckpointWriter:
    """Stands in for a `CheckpointWriter` where no later run resumes the output."""

    earlier = EarlierRun()
    resume = ResumePoint()
    resumable_frames = 0

    def changed_device(self) -> str | None:
        """Return None: nothing is resumed."""
        return None

    def open(
        self, file: PartialFile | StandardOutput, side_files: SideFiles | NoSideFiles, packets: PacketDigest
    ) -> None:
        """Note the files."""
        self._side_files = side_files

    def check_encoder(self, codec: str, extradata: bytes | None) -> None:
        """Accept any encoder."""

    def resume_point(self, frame: OutputFrame) -> ResumePoint | None:
        """Return None: no frame has to be a keyframe."""

    def frame_encoded(self, frame: OutputFrame) -> None:
        """Do nothing."""

    def expect_keyframe(self, point: ResumePoint, pts: int) -> None:
        """Do nothing."""

    def frames_copied(self) -> None:
        """Do nothing."""

    def packet_muxed(self, pts: int | None, is_keyframe: bool, decode_time: Fraction | None, before: Digest) -> None:
        """Do nothing."""

    def closing(self) -> None:
        """Note that the header of the file, by which it is known to be ours, may be rewritten now."""
        self._side_files.note_closing()

    def close(self) -> None:
        """Note that the file, which has been closed, is one that a run has written."""
        with suppress(OSError):
            self._side_files.begin()

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield nothing."""
        return iter(())


class ResumeState:
    """What the next frame depends on: the positions of the last frames, and what is carried from them."""

    def __init__(self, needs: ResumeNeeds, resumed: ResumePoint) -> None:
        self._needs = needs
        self._frames = resumed.frames
        self._positions: deque[FramePosition] = deque(resumed.positions, maxlen=needs.lookback)
        self._feedback: Feedback = resumed.feedback

    @property
    def shot(self) -> int:
        """The shot of the last frame; 0 before the first."""
        return self._positions[-1].shot if self._positions else 0

    def add(self, frame: OutputFrame) -> None:
        """Add the frame that was encoded."""
        if self._needs.feedback:
            self._feedback = frame.feedback
        self._positions.append(frame.position)
        self._frames += 1

    def point_before(self, frame: OutputFrame) -> ResumePoint | None:
        """Return the state needed to resume with `frame`, the next one; None if no run can resume there."""
        return ResumePoint(self._frames, tuple(self._positions)) if frame.independent else self.point_now()

    def point_now(self) -> ResumePoint | None:
        """Return the state needed to resume after the last frame, whatever the next is; None if no run can."""
        if self._needs.whole_shots:
            return None
        return ResumePoint(self._frames, tuple(self._positions), self._feedback)
