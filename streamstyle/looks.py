"""How frames are stylised, by their time: looks, and a schedule of them. Plain records; `styles/` loads what they name.

Times are seconds of the film, counted from where `--range` counts from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import log2
from pathlib import Path

from streamstyle.errors import StreamstyleError

TOLERANCE = 0.0005
"""Seconds by which a time may be later than the frame that it means: it is written in milliseconds."""

HASTE = 8.0
"""How much sooner the picture forgets what is carried than its look changes, so that it keeps up with it."""


@dataclass(frozen=True, slots=True)
class BlendPart:
    """One style of a blend."""

    path: Path
    """A weights file, or an image for the style predictor."""
    weight: float = 1.0
    """Weight relative to the other parts."""
    image: Path | None = None
    """The style image, if it was given and `path` is the network trained on it."""


@dataclass(frozen=True, slots=True)
class StyleBlend:
    """One or several styles that frames are stylised in."""

    name: str
    """Name for file names."""
    parts: tuple[BlendPart, ...]

    def shares(self) -> dict[tuple[Path, Path | None], float]:
        """Return the weights by path and style image; their sum is 1."""
        total, shares = sum(part.weight for part in self.parts), dict[tuple[Path, Path | None], float]()
        for part in self.parts:
            key = part.path, part.image
            shares[key] = shares.get(key, 0.0) + part.weight / total
        return shares


@dataclass(frozen=True, slots=True)
class Look:
    """How a frame is stylised; the fields but `style` mean what those of `StyleSettings` do."""

    style: StyleBlend
    strength: float = 1.0
    style_scale: float = 1.0
    preserve_colour: float = 0.0
    """Share of the film's own colours, 0 to 1."""

    def towards(self, other: Look, share: float) -> Look:
        """Return the look so far on the way to another; styles go over into each other as a blend."""
        if share <= 0 or self == other:
            return self
        if share >= 1:
            return other
        mine, others = self.style.shares(), other.style.shares()
        parts = (
            BlendPart(key[0], (1 - share) * mine.get(key, 0.0) + share * others.get(key, 0.0), key[1])
            for key in {**mine, **others}
        )
        return Look(
            self.style if mine == others else StyleBlend(self.style.name, tuple(parts)),
            _mix(self.strength, other.strength, share),
            _mix(self.style_scale, other.style_scale, share),
            _mix(self.preserve_colour, other.preserve_colour, share),
        )

    def difference(self, other: Look) -> float:
        """Return how far another look is from this one, from 0, the same, to 1, nothing in common."""
        mine, others = self.style.shares(), other.style.shares()
        styles = sum(abs(mine.get(key, 0.0) - others.get(key, 0.0)) for key in {**mine, **others}) / 2
        stronger = max(self.strength, other.strength)
        strength = abs(self.strength - other.strength) / stronger if stronger else 0.0
        colour = abs(self.preserve_colour - other.preserve_colour)
        return min(1.0, max(styles, strength, colour, abs(log2(self.style_scale / other.style_scale))))


def _mix(one: float, other: float, share: float) -> float:
    return one + share * (other - one)


@dataclass(frozen=True, slots=True)
class Mask:
    """Where a look holds, and what is painted elsewhere."""

    path: Path
    """An image, a film or an image sequence, which begins with the film: white where the look holds."""
    outside: StyleBlend | None = None
    """The style of the rest; None if that stays as it is."""


@dataclass(frozen=True, slots=True)
class LookKey:
    """The look at one time."""

    time: float
    look: Look


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the film with a look that changes gradually from key to key, or not at all; it lasts until the next."""

    keys: tuple[LookKey, ...]
    """At least one, their times rising; the first is its start, and the look of the last holds until the end."""
    mask: Mask | None = None
    """None if the look holds everywhere."""
    method: str = ""
    """Value of `--method`; empty for that of the run."""
    place: str = field(default="", compare=False, repr=False)
    """Where the script states its start, for messages: `film.toml, line 7`; empty if it does not."""

    @property
    def start(self) -> float:
        """Where it begins."""
        return self.keys[0].time

    def at(self, time: float) -> Look:
        """Return the look at a time."""
        for key, following in pairwise(self.keys):
            if time < following.time:
                return key.look.towards(following.look, (time - key.time) / (following.time - key.time))
        return self.keys[-1].look

    def looks(self) -> Iterator[Look]:
        """Yield the looks of its keys and those halfway between: what they need, all others need, too."""
        yield from (key.look for key in self.keys)
        yield from (key.look.towards(following.look, 0.5) for key, following in pairwise(self.keys))

    def outside(self) -> Stretch:
        """Return the stretch as it is painted outside its mask; without one it is not painted."""
        outside = None if self.mask is None else self.mask.outside
        if outside is None:
            keys = (LookKey(key.time, replace(key.look, strength=0.0)) for key in self.keys)
        else:
            keys = (LookKey(key.time, replace(key.look, style=outside)) for key in self.keys)
        return Stretch(tuple(keys), method=self.method)


@dataclass(frozen=True, slots=True)
class Looks:
    """Which look a film has at which time: the one place where that is decided."""

    stretches: tuple[Stretch, ...]
    """At least one, in order; the first also holds before its start."""
    places: Mapping[Path, str] = field(default_factory=dict, compare=False, repr=False)
    """By file, where the script names it first, for messages: `film.toml, line 7: style = "my.jpg"`."""

    @classmethod
    def constant(cls, look: Look, mask: Mask | None = None) -> Looks:
        """Return one look for all of the film."""
        return cls((Stretch((LookKey(0.0, look),), mask),))

    def at(self, time: float) -> Look:
        """Return the look at a time."""
        return self.stretches[self._index(time)].at(time)

    def mask_at(self, time: float) -> Mask | None:
        """Return the mask at a time, if there is one."""
        return self.stretches[self._index(time)].mask

    def method_at(self, time: float) -> str:
        """Return the value of `--method` at a time; empty for that of the run."""
        return self.stretches[self._index(time)].method

    def outside(self) -> Looks:
        """Return the looks outside the masks."""
        return Looks(tuple(stretch.outside() for stretch in self.stretches), self.places)

    def located(self, error: StreamstyleError, path: Path) -> StreamstyleError:
        """Return an error about a file, with where the script names it."""
        place = self.places.get(path)
        return error if place is None else type(error)(f"{place}: {error.problem}", error.next_step)

    def spans(self, begin: float, end: float) -> Iterator[tuple[Stretch, float, float]]:
        """Yield the stretches between two times, with start and end of what is between them."""
        starts = [begin, *(stretch.start for stretch in self.stretches[1:]), end]
        for stretch, (start, following) in zip(self.stretches, pairwise(starts), strict=True):
            if max(begin, start) < min(end, following):
                yield stretch, max(begin, start), min(end, following)

    def never_shown(self, end: float) -> list[Stretch]:
        """Return the stretches of the script that begin when a film has ended at `end`."""
        return [stretch for stretch in self.stretches if stretch.place and stretch.start > end - TOLERANCE]

    def breaks(self, before: float, time: float) -> bool:
        """Whether look or method change at once between two times: nothing may be carried from one to the other."""
        first, last = self._index(before), self._index(time)
        return any(
            stretch.keys[-1].look != following.keys[0].look
            or (stretch.mask, stretch.method) != (following.mask, following.method)
            for stretch, following in pairwise(self.stretches[first : last + 1])
        )

    def kept(self, before: float, time: float) -> float:
        """Return the share of what is carried that is kept from one frame to the next, 1 where no look changes."""
        return max(0.0, 1.0 - HASTE * self.at(time).difference(self.at(before)))

    @property
    def masks(self) -> tuple[Mask, ...]:
        """All masks, each once."""
        return tuple(dict.fromkeys(stretch.mask for stretch in self.stretches if stretch.mask is not None))

    @property
    def methods(self) -> frozenset[str]:
        """All values of `--method`; an empty one stands for that of the run."""
        return frozenset(stretch.method for stretch in self.stretches)

    @property
    def is_original(self) -> bool:
        """Whether every frame stays as it is."""
        return all(key.look.strength == 0 for stretch in self.stretches for key in stretch.keys)

    def _index(self, time: float) -> int:
        return max(0, bisect_right(self.stretches, time + TOLERANCE, key=lambda stretch: stretch.start) - 1)
