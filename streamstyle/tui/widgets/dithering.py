"""Ordered dithering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47
"""Thresholds of ordered dithering."""


def dither_thresholds(height: int, width: int) -> NDArray[np.float64]:
    """Return [H, W] thresholds between -0.5 and 0.5 for ordered dithering."""
    return np.tile(_BAYER, (-(-height // 4), -(-width // 4)))[:height, :width]
