"""Where a method's film differs most from its per-frame stylisation: the place, side by side in several films."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode

PART = 2
"""A place is so many times smaller than the frame in both directions."""


def worst_place(films: Sequence[Path]) -> NDArray[np.uint8]:
    """Return [H / 2, N * W / 2, 3] RGB: of each film the same place of the same frame, not scaled.

    It is the rectangle over which the second film differs most from the first, by the mean square.
    """
    most, index, left, top = -1.0, 0, 0, 0
    for at, (frame, other) in enumerate(zip(_images(films[0]), _images(films[1]), strict=True)):
        height, width = (side // PART for side in frame.shape[:2])
        squared = np.square(frame.astype(np.float32) - other).mean(2)
        sums = cv2.integral(squared)
        over = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
        if over.max() > most:
            most, index = float(over.max()), at
            top, left = (int(place) for place in np.unravel_index(over.argmax(), over.shape))
    frames = [next(islice(_images(film), index, None)) for film in films]
    return np.hstack([_place(frame, top, left) for frame in frames])


def _place(frame: NDArray[np.uint8], top: int, left: int) -> NDArray[np.uint8]:
    height, width = (side // PART for side in frame.shape[:2])
    return frame[top : top + height, left : left + width]


def _images(film: Path) -> Iterator[NDArray[np.uint8]]:
    return (frame.image for frame in decode(probe(film, SourceSettings())))
