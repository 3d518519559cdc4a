"""Pieces of a film: a shot each, or a part of a take that is longer than the piece length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from streamstyle.frames import Frame, FramePosition
from streamstyle.settings import Method, Settings
from streamstyle.stages.live import cycle

RUN_IN = 64
"""Frames that a piece inside a take is painted from before its first. What a frame carries over loses at least 7 % a
frame, so a hundredth is left (docs/cluster.md)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive frames of one shot, which one worker paints."""

    number: int
    """Count from 0 within the film."""
    run_in: tuple[FramePosition, ...]
    """Frames of the same shot before it, which are painted first and left out; empty where a shot begins."""
    frames: tuple[FramePosition, ...]
    end_pts: int | None
    """First tick after it; None for the end of the film."""

    @property
    def begin(self) -> FramePosition:
        """The first frame that is painted."""
        return (self.run_in or self.frames)[0]

    @property
    def first(self) -> FramePosition:
        """The first frame of the piece."""
        return self.frames[0]

    @property
    def last(self) -> FramePosition:
        """The last frame of the piece."""
        return self.frames[-1]


@dataclass(frozen=True, slots=True)
class Splitting:
    """How long takes are split."""

    length: int | None
    """Frames of a piece at most, or half as many again where little would be left; None to split no take."""
    run_in: int

    @classmethod
    def of(cls, settings: Settings, length: int) -> Splitting:
        """Return how takes are split into pieces of about `length` frames; with method ruder they are not.

        The layers of `live` are replaced by turns: a piece begins where the same turn does as in the whole take.
        """
        methods = settings.methods
        if Method.ruder in methods:
            return cls(None, 0)
        if Method.live in methods:
            turns = cycle(settings.consistency)
            run_in = -(-RUN_IN // turns) * turns
            return cls(max(run_in, length // turns * turns), run_in)
        if Method.consistent in methods:
            return cls(max(RUN_IN, length), RUN_IN)
        return cls(length, 0)


def split(frames: Iterable[Frame], end_pts: int | None, splitting: Splitting) -> Iterator[Piece | None]:
    """Yield, for each frame and at the end, the piece whose end it shows, or None; `frames` have numbers of shots."""
    number, piece = 0, list[FramePosition]()
    run_in: tuple[FramePosition, ...] = ()
    length = splitting.length
    for frame in frames:
        position = frame.position
        if piece and position.shot != piece[-1].shot:
            yield Piece(number, run_in, tuple(piece), position.pts)
            number, run_in, piece = number + 1, (), []
        elif length is not None and len(piece) >= length + length // 2:
            yield Piece(number, run_in, tuple(piece[:length]), piece[length].pts)
            run_in = tuple(piece[length - splitting.run_in : length]) if splitting.run_in else ()
            number, piece = number + 1, piece[length:]
        else:
            yield None
        piece.append(position)
    if piece:
        yield Piece(number, run_in, tuple(piece), end_pts)
