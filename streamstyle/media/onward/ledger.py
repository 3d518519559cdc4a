"""What a run writes down on its way, so that the next can go on where it was."""

from __future__ import annotations

from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from streamstyle.errors import OutputError
from streamstyle.frame import StylisedFrame
from streamstyle.media.onward.checkpoint import (
    Checkpoint,
    Standing,
    checkpoint_path,
    forget_checkpoint,
    write_checkpoint,
)
from streamstyle.media.onward.milestones import Milestones
from streamstyle.media.onward.nal import decisive
from streamstyle.media.onward.trail import Trail
from streamstyle.media.output import earlier_path, partial_path, secure
from streamstyle.settings import Method, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERY = Fraction(5)
_EVERY_SLOW = Fraction(1)
"""Seconds of film between two milestones; where a frame takes half a minute five would be an hour's work."""


class Ledger:
    """The checkpoint of one run, brought up to date whenever a milestone is in the file, and when that is closed."""

    def __init__(
        self, output: Path, recipe: Mapping[str, str], settings: Settings, device: str, onward: Checkpoint | None = None
    ) -> None:
        """Begin a film, or go on where a checkpoint is: `onward`."""
        self.onward = onward
        self.device = device
        self.kept = onward.standing.frames if onward else 0
        """Frames that the next run would go on after."""
        self.problem: str | None = None
        """Why nothing more is written down, in words for the user; None while all is well."""
        self._output, self._recipe = output, recipe
        self._trail = Trail(settings, onward.standing if onward else None)
        every = _EVERY_SLOW if settings.consistency.method is Method.ruder else _EVERY
        self._milestones = Milestones(every, self.kept)
        self._latest = onward.standing if onward else None
        self._encoder = ""

    @property
    def standing(self) -> Standing | None:
        """Where this run began; None for the beginning of the film."""
        return self.onward.standing if self.onward else None

    @property
    def earlier(self) -> int:
        """Frames that an earlier run has painted."""
        return self.onward.standing.frames if self.onward else 0

    @property
    def frames(self) -> int:
        """All frames painted so far."""
        return self._trail.frames

    @property
    def shot(self) -> int:
        """That of the last frame; 0 before the first."""
        return self._trail.shot

    def begin(self, codec: str, header: bytes | None) -> None:
        """Take note of the encoder, once it is open; OutputError where what it encodes does not follow the earlier."""
        self._encoder = blake2b(decisive(codec, header or b""), digest_size=16).hexdigest()
        if self.onward and self.onward.encoder != self._encoder:
            raise OutputError(
                f"{partial_path(self._output).name} was encoded by another version of {codec}",
                "Begin anew with --restart, or choose another output with -o.",
            )

    def milestone(self, painted: StylisedFrame, time: Fraction, tick: int) -> bool:
        """Whether the next frame, shown at `time`, for the encoder at `tick`, is one; the encoder has to begin anew."""
        standing = self._trail.before(painted)
        new_shot = painted.flowed.frame.shot != self._trail.shot
        if standing is None or not self._milestones.due(time, new_shot):
            return False
        self._milestones.await_key(standing, tick)
        return True

    def painted(self, painted: StylisedFrame) -> None:
        """Take a frame that the encoder has got."""
        self._trail.add(painted)

    def muxed(self, tick: int | None, key: bool, due: Fraction | None) -> None:
        """Take note of a packet of the picture that is on its way into the file; `tick` is as the encoder counts."""
        settled = self._milestones.muxed(tick, key, due or Fraction(0))
        if settled is not None:
            self._write(settled)

    def closed(self) -> None:
        """Write down that all frames so far are in the file, which is closed."""
        standing = self._trail.here() or self._latest
        if standing is not None and 0 < standing.frames <= self._milestones.packets:
            self._write(standing)

    def forget(self) -> None:
        """Remove it all: the film is whole."""
        forget_checkpoint(self._output)

    def _write(self, standing: Standing) -> None:
        partial = partial_path(self._output)
        written = Checkpoint(standing, partial.name, self._recipe, self._encoder, self.device)
        try:
            secure(partial)
            write_checkpoint(checkpoint_path(self._output), written)
        except (OSError, RuntimeError) as error:  # a GPU that has failed gives nothing back any more
            why = getattr(error, "strerror", None) or str(error).partition("\n")[0]
            self.problem = f"a later run could go on after {self.kept} frames only: {why}"
            return
        self.kept, self.problem, self._latest = standing.frames, None, standing
        earlier_path(self._output).unlink(missing_ok=True)
