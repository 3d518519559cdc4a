"""Decoded pictures brought to the form all stages work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamstyle.film import VideoInfo
from streamstyle.media.colour import ToRGB
from streamstyle.media.orientation import read_orientation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray


class FrameConverter:
    """Turns frames upright, at the working size, in RGB. Not for use by two threads at once."""

    def __init__(self, film: VideoInfo) -> None:
        self._size = film.width, film.height
        self._to_rgb = ToRGB()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Return [film.height, film.width, 3] RGB, full range."""
        orientation = read_orientation(frame)
        width, height = self._size
        upright = orientation.upright_size(frame.width, frame.height)
        if upright != self._size and upright == (width | upright[0] & 1, height | upright[1] & 1):
            # only odd sides to even ones: a line less, and every other pixel as it was
            return np.ascontiguousarray(orientation.apply(self._to_rgb(frame))[:height, :width])
        return orientation.apply(self._to_rgb(frame, orientation.upright_size(width, height)))
