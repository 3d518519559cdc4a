"""Key frames painted by hand, as they are named: which painting is of which frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamstyle.errors import StyleError
from streamstyle.styles.spec import StyleBlend, parse_style


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A frame of the film and the painting of it, as `--keyframe` names them."""

    seconds: float
    """Time of the frame from the start of the film; the nearest frame is meant."""
    painting: Path
    """An image file."""


def parse_paintings(keyframes: Sequence[Keyframe]) -> StyleBlend:
    """Return the style that the paintings have as images given with `--style`: what training starts from without one.

    It is named after the first painting. Raises StyleError if a file does not exist.
    """
    for keyframe in keyframes:
        if not keyframe.painting.is_file():
            advice = "Give an image of the whole frame, as you painted it."
            raise StyleError(f"there is no painting {keyframe.painting}", advice)
    blends = [parse_style(str(keyframe.painting)) for keyframe in keyframes]
    return StyleBlend(blends[0].name, tuple(part for blend in blends for part in blend.parts))
