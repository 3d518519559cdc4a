"""The working size: even, upright, and shown in the shape the film has."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from streamstyle.errors import FilmError
from streamstyle.media.orientation import Orientation
from streamstyle.settings import MAX_SIDE, MIN_SIDE, SourceSettings


@dataclass(frozen=True, slots=True)
class FrameSize:
    """A picture's size in pixels, and the shape of a pixel."""

    width: int
    height: int
    sample_aspect_ratio: Fraction
    """Width of a pixel over its height."""

    def turned(self, orientation: Orientation) -> FrameSize:
        """Return the shape of the picture once it stands upright."""
        if orientation.upright_size(1, 2) == (1, 2):
            return self
        return FrameSize(self.height, self.width, 1 / self.sample_aspect_ratio)


def working_size(source: FrameSize, settings: SourceSettings, path: Path) -> FrameSize:
    """Return the shape to work in, for an upright `source`.

    4:2:0 video has even sides, so odd ones become even. The picture's shape on the screen stays: where `--size` asks
    for another, the pixels are stretched; what is only rounding leaves them as they are.
    """
    width, height = _requested(source, settings)
    aspect = source.sample_aspect_ratio
    if settings.size is not None:
        aspect = _pixel_aspect(source, width, height)
    if not MIN_SIDE <= min(width, height) <= max(width, height) <= MAX_SIDE:
        raise FilmError(
            f"{path} would be worked on at {width}x{height}, and each side has to lie between "
            f"{MIN_SIDE} and {MAX_SIDE} pixels",
            "Give a size with --height or --size.",
        )
    return FrameSize(width, height, aspect)


def _requested(source: FrameSize, settings: SourceSettings) -> tuple[int, int]:
    if settings.size is not None:
        return nearest_even(settings.size[0]), nearest_even(settings.size[1])
    if settings.height is not None:
        height = nearest_even(settings.height)
        return nearest_even(Fraction(height * source.width, source.height)), height
    return source.width & ~1, source.height & ~1


def _pixel_aspect(source: FrameSize, width: int, height: int) -> Fraction:
    only_rounded = abs(Fraction(height * source.width, source.height) - width) <= 1
    if only_rounded:
        return source.sample_aspect_ratio
    exact = source.sample_aspect_ratio * Fraction(source.width * height, source.height * width)
    return exact.limit_denominator(1 << 14)


def nearest_even(side: Fraction | int) -> int:
    """Round to an even number, at least 2; halves go down: a line less, rather than one made up."""
    return max(2, 2 * -int(-(Fraction(side) - 1) // 2))
