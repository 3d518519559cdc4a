"""Writes checkpoints during a run: whenever a keyframe has safely reached the file, and when that is closed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from streamstyle.errors import OutputError
from streamstyle.files import fsync_file
from streamstyle.frames import FramePosition, OutputFrame
from streamstyle.media.output_file import partial_path, set_aside_path
from streamstyle.resume.checkpoint import (
    Checkpoint,
    ResumePoint,
    checkpoint_path,
    remove_checkpoint,
    write_checkpoint,
)
from streamstyle.resume.partial_video import decoder_parameters
from streamstyle.settings import Method, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERVAL = Fraction(5)
INTERVAL_RUDER = Fraction(1)
"""Seconds of video between two resume points; with Ruder's method five are an hour's work."""

MIN_SECONDS = Fraction(1)
"""Seconds of video after which a cut is made a resume point: an encoder sets a keyframe there by itself."""

MUX_DELAY = Fraction(1, 2)
"""Seconds of video by which the muxer has to be ahead of a packet before that is taken to be in the file.

Muxers hold back a tenth for the order of streams and, in Matroska, a quarter until a cluster is whole.
"""


@dataclass(frozen=True, slots=True)
class ResumeNeeds:
    """What a frame depends on besides itself, which a later run has to have to resume with it."""

    lookback: int = 1
    """Frames before it that are decoded again."""
    feedback: bool = False
    """Whether it follows from the outputs before it."""
    whole_shots: bool = False
    """Whether it depends on more of its shot than those outputs, so that only a shot's first frame will do."""
    interval: Fraction = INTERVAL
    """Seconds of video between two resume points, where there is no cut."""

    @classmethod
    def of_settings(cls, settings: Settings) -> ResumeNeeds:
        """Return what stylising with these settings needs."""
        method = settings.consistency.method
        return cls(
            lookback=settings.consistency.lookback[-1],
            feedback=method is not Method.johnson,
            whole_shots=settings.is_multi_pass,
            interval=INTERVAL_RUDER if method is Method.ruder else INTERVAL,
        )


class ResumeState:
    """Remembers what the next frame looks back to."""

    def __init__(self, needs: ResumeNeeds, resumed: ResumePoint) -> None:
        self._needs = needs
        self._frames = resumed.frames
        self._positions: deque[FramePosition] = deque(resumed.positions, maxlen=needs.lookback)
        self._feedback: deque[Tensor] = deque(resumed.feedback, maxlen=needs.lookback)

    @property
    def shot(self) -> int:
        """The shot of the last frame; 0 before the first."""
        return self._positions[-1].shot if self._positions else 0

    def add(self, frame: OutputFrame) -> None:
        """Take the next frame."""
        if frame.independent:
            self._feedback.clear()
        if self._needs.feedback and frame.feedback is not None:
            self._feedback.append(frame.feedback)
        self._positions.append(frame.position)
        self._frames += 1

    def before(self, frame: OutputFrame) -> ResumePoint | None:
        """Return what it takes to resume with this frame, the next; None where no run could."""
        return ResumePoint(self._frames, tuple(self._positions)) if frame.independent else self.now()

    def now(self) -> ResumePoint | None:
        """Return what it takes to resume after the last frame, whatever comes; None where no run could."""
        if self._needs.whole_shots:
            return None
        return ResumePoint(self._frames, tuple(self._positions), tuple(self._feedback))


class KeyframeTracker:
    """Chooses resume points, and follows their packets into the file.

    A frame will do once its packet has come out of the encoder as a keyframe after all frames before it and none of
    those behind it, whichever encoder that is; one that never does so gives no resume points.
    """

    def __init__(self, interval: Fraction, packets: int = 0) -> None:
        """Take the seconds of video between two resume points, and how many packets are in the file already."""
        self._interval = interval
        self.packets = packets
        """Packets in the file, or on their way."""
        self._latest_pts: int | None = None
        self._last_chosen: Fraction | None = None
        self._expected: deque[tuple[ResumePoint, int]] = deque()
        self._muxed: deque[tuple[ResumePoint, Fraction]] = deque()

    def is_due(
        self,
        time: Fraction,  # seconds
        cut: bool,
    ) -> bool:
        """Whether the frame shown at `time` is to be a resume point; the same ones in every run of one video."""
        if self._last_chosen is None:
            # The video's first frame is a keyframe anyway. That after resumed frames ensures that they are in the file.
            self._last_chosen = time
            return self.packets > 0
        if time - self._last_chosen < (MIN_SECONDS if cut else self._interval):
            return False
        self._last_chosen = time
        return True

    def expect(self, point: ResumePoint, pts: int) -> None:
        """Watch for the keyframe that the encoder was asked for, at `pts` in its ticks."""
        self._expected.append((point, pts))

    def packet_muxed(
        self,
        pts: int | None,  # ticks of the encoder
        is_keyframe: bool,
        due: Fraction,  # seconds, by the decode time
    ) -> ResumePoint | None:
        """Count a packet; return the latest resume point that is taken to be in the file now, if one has got there."""
        while self._expected and self._expected[0][0].frames < self.packets:
            self._expected.popleft()
        if self._expected and self._expected[0][0].frames == self.packets:
            point, expected_pts = self._expected.popleft()
            if is_keyframe and pts == expected_pts and (self._latest_pts is None or self._latest_pts < pts):
                self._muxed.append((point, due))
        self.packets += 1
        self._latest_pts = max(pts or 0, self._latest_pts or 0)
        reached = None
        while self._muxed and due - self._muxed[0][1] >= MUX_DELAY:
            reached = self._muxed.popleft()[0]
        return reached


class CheckpointWriter:
    """Keeps the checkpoint of one run up to date.

    The write loop asks it for a `resume_point` before each frame and tells it that the frame is encoded; the
    `VideoWriter` tells it of its encoder, its packets and its end.
    """

    def __init__(
        self,
        output: Path,
        signature: Mapping[str, str],
        needs: ResumeNeeds,
        device: str,
        time_base: Fraction,  # seconds a tick of `FramePosition.pts`
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Begin at the beginning, or where a `checkpoint` is."""
        self.checkpoint = checkpoint
        """Where this run resumes; None for the beginning of the video."""
        self.resumed = checkpoint.resume_point if checkpoint else ResumePoint()
        self.device = device
        self.resumable_frames = self.resumed.frames
        """Frames after which a later run would resume."""
        self._output, self._signature, self._time_base = output, signature, time_base
        self._state = ResumeState(needs, self.resumed)
        self._keyframes = KeyframeTracker(needs.interval, self.resumed.frames)
        self._latest = self.resumed
        self._encoder = ""
        self._problem: str | None = None

    def check_encoder(self, codec: str, extradata: bytes | None) -> None:
        """Take the encoder, once it is open; OutputError where its packets cannot follow those of the earlier run."""
        self._encoder = blake2b(decoder_parameters(codec, extradata), digest_size=16).hexdigest()
        if self.checkpoint and self.checkpoint.encoder != self._encoder:
            raise OutputError(
                f"{partial_path(self._output).name} was encoded by another version of {codec}",
                "Begin anew with --restart, or choose another output with -o.",
            )

    def resume_point(self, frame: OutputFrame) -> ResumePoint | None:
        """Return what resuming with the next frame takes, if that is to be a keyframe for it; else None."""
        point, cut = self._state.before(frame), frame.position.shot != self._state.shot
        due = point is not None and self._keyframes.is_due(frame.position.pts * self._time_base, cut)
        return point if due else None

    def frame_encoded(self, frame: OutputFrame) -> None:
        """Take a frame that the encoder has got."""
        self._state.add(frame)

    def expect_keyframe(self, point: ResumePoint, pts: int) -> None:
        """Take the time, in ticks of the encoder, of a frame that was made a keyframe to resume at."""
        self._keyframes.expect(point, pts)

    def packet_muxed(self, pts: int | None, is_keyframe: bool, due: Fraction | None) -> None:
        """Take a packet of the video on its way into the file: its time in ticks, and when it is due, in seconds."""
        reached = self._keyframes.packet_muxed(pts, is_keyframe, due or Fraction(0))
        if reached is not None:
            self._write(reached)

    def close(self) -> None:
        """Write that all frames so far are in the file, which is closed."""
        point = self._state.now() or self._latest
        if 0 < point.frames <= self._keyframes.packets:
            self._write(point)

    def remove(self) -> None:
        """Remove the checkpoint: the output is whole."""
        remove_checkpoint(self._output)

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield what the user should know at the end."""
        if stopped and self._problem:
            yield self._problem
        if self.checkpoint and self.checkpoint.device != self.device:
            yield f"{self.resumed.frames} frames were painted on {self.checkpoint.device}, the others on {self.device}"

    def _write(self, point: ResumePoint) -> None:
        partial = partial_path(self._output)
        checkpoint = Checkpoint(point, partial.name, self._signature, self._encoder, self.device)
        try:
            fsync_file(partial)
            write_checkpoint(checkpoint_path(self._output), checkpoint)
        except (OSError, RuntimeError) as error:  # a GPU that has failed gives nothing back any more
            why = getattr(error, "strerror", None) or str(error).partition("\n")[0]
            self._problem = f"a later run could go on after {self.resumable_frames} frames only: {why}"
            return
        self.resumable_frames, self._problem, self._latest = point.frames, None, point
        set_aside_path(self._output).unlink(missing_ok=True)


class NullCheckpointWriter:
    """Writes no checkpoints, for an output that no later run resumes."""

    checkpoint: Checkpoint | None = None

    def check_encoder(self, codec: str, extradata: bytes | None) -> None:
        """Take any encoder."""

    def resume_point(self, frame: OutputFrame) -> ResumePoint | None:
        """Return None: no frame has to be a keyframe."""

    def frame_encoded(self, frame: OutputFrame) -> None:
        """Remember nothing."""

    def expect_keyframe(self, point: ResumePoint, pts: int) -> None:
        """Expect nothing."""

    def packet_muxed(self, pts: int | None, is_keyframe: bool, due: Fraction | None) -> None:
        """Count nothing."""

    def close(self) -> None:
        """Write nothing."""

    def remove(self) -> None:
        """Remove nothing."""

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield nothing."""
        return iter(())
