"""Words on pictures, smooth at any size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.compare.colours import Colour
from streamstyle.media.picture import RgbImage

_OVERSAMPLING = 4
"""Letters are drawn at this many times their size, then averaged."""

_FONT, _FONT_HEIGHT = cv2.FONT_HERSHEY_DUPLEX, 30.0
"""The font, and the pixels from its lowest to its highest at a scale of 1."""


@dataclass(frozen=True, slots=True)
class TextMask:
    """A line of text as it will be drawn."""

    text: str
    coverage: NDArray[np.float32]
    """[h, w] in [0, 1]: how much of each pixel is ink."""

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.coverage.shape[1])

    def draw(self, picture: RgbImage, x: int, y: int, ink: Colour) -> None:
        """Put the line into the picture, its upper left corner at (x, y); what does not fit is cut off."""
        height, width = picture.shape[:2]
        ink_here = self.coverage[: max(0, height - y), : max(0, width - x), None]
        place = picture[y : y + ink_here.shape[0], x : x + ink_here.shape[1]]
        place[:] = np.round(place + ink_here * (np.array(ink, np.float32) - place)).astype(np.uint8)


@lru_cache(maxsize=256)
def render_text(
    text: str,
    height: int,  # pixels from the lowest to the highest letter
    width: int | None = None,  # pixels there are; the text is shortened to fit
) -> TextMask:
    """Return a line of text; its picture is as high as asked for."""
    words = _render_mask(text, height)
    shorter = text
    while width is not None and words.width > width and len(shorter) > 1:
        shorter = shorter[:-1].rstrip()
        words = _render_mask(f"{shorter}...", height)
    return words


def _render_mask(text: str, height: int) -> TextMask:
    scale, thickness = height * _OVERSAMPLING / _FONT_HEIGHT, max(1, round(height * _OVERSAMPLING / 16))
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, thickness)
    large = np.zeros((height * _OVERSAMPLING, -(-width // _OVERSAMPLING) * _OVERSAMPLING + _OVERSAMPLING, 3), np.uint8)
    cv2.putText(
        large, text, (0, round(0.76 * height * _OVERSAMPLING)), _FONT, scale, (255, 255, 255), thickness, cv2.LINE_AA
    )
    small = cv2.resize(large[..., 0], (large.shape[1] // _OVERSAMPLING, height), interpolation=cv2.INTER_AREA)
    return TextMask(text, np.asarray(small / 255, np.float32))
