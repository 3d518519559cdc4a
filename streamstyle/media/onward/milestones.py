"""Frames from which a film can be gone on with: which they are to be, and which have become it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from streamstyle.media.onward.checkpoint import Standing

AT_CUTS = Fraction(1)
"""Seconds of film after which a cut is made a milestone; an encoder begins anew there by itself."""

SETTLED = Fraction(1, 2)
"""Seconds of film by which what is muxed has to be ahead of what is taken to be in the file.

Muxers hold back a tenth for the order of streams and, in Matroska, a quarter until a cluster is whole.
"""


@dataclass(frozen=True, slots=True)
class _Awaited:
    standing: Standing
    tick: int
    """The frame's time, as the encoder counts."""


class Milestones:
    """Follows packets to the file. A frame counts once it has come out of the encoder as a key frame after all before
    it and none of those behind it, whichever encoder that is; one that does not do so gives no milestones.
    """

    def __init__(self, every: Fraction, packets: int = 0) -> None:
        """`every` is seconds of film; so many `packets` are in the file already."""
        self._every = every
        self.packets = packets
        """In the file, or on their way."""
        self._latest: int | None = None
        self._since: Fraction | None = None
        self._awaited: deque[_Awaited] = deque()
        self._keyed: deque[tuple[Standing, Fraction]] = deque()

    def due(self, time: Fraction, cut: bool) -> bool:
        """Whether a frame shown at `time`, in seconds, is to be one; by the film alone, so every run has the same."""
        if self._since is None:
            # The first is a key frame anyway; after those of an earlier run it settles that they are there.
            self._since = time
            return self.packets > 0
        if time - self._since < (AT_CUTS if cut else self._every):
            return False
        self._since = time
        return True

    def await_key(self, standing: Standing, tick: int) -> None:
        """Wait for the frame after a `standing`, which the encoder is asked to begin anew with."""
        self._awaited.append(_Awaited(standing, tick))

    def muxed(self, tick: int | None, key: bool, due: Fraction) -> Standing | None:
        """Take note of the next packet, due at `due` in seconds; return what has come to be in the file by that."""
        while self._awaited and self._awaited[0].standing.frames < self.packets:
            self._awaited.popleft()
        if self._awaited and self._awaited[0].standing.frames == self.packets:
            awaited = self._awaited.popleft()
            if key and tick == awaited.tick and (self._latest is None or self._latest < tick):
                self._keyed.append((awaited.standing, due))
        self.packets += 1
        self._latest = max(tick or 0, self._latest or 0)
        settled = None
        while self._keyed and due - self._keyed[0][1] >= SETTLED:
            settled = self._keyed.popleft()[0]
        return settled
