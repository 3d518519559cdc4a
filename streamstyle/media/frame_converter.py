"""From decoded frames to upright RGB at the working size: in 8 bits, in 16 where the film has more, and its alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from streamstyle.media.alpha import has_alpha, read_alpha
from streamstyle.media.colour import FULL, RGB, Orientation, ToRGB, read_orientation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from streamstyle.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class Pixels:
    """What is read of one frame."""

    image: NDArray[np.uint8]
    """[H, W, 3] RGB, full range."""
    deep: NDArray[np.uint16] | None = None
    """The same in 16 bits; None if the film has 8."""
    alpha: NDArray[np.uint16] | None = None
    """[H, W], 65535 opaque; None if the film has none."""


class FrameConverter:
    """Converts decoded frames to upright RGB at the working size. Not thread-safe."""

    def __init__(self, video: VideoInfo) -> None:
        self._size = video.width, video.height
        self._cropping = video.cropping
        self._is_deep, self._has_alpha = video.bit_depth > 8, video.has_alpha
        self._to_rgb, self._to_uncropped_rgb = (ToRGB(deep=self._is_deep, peak=video.peak_luminance) for _ in range(2))

    def __call__(self, frame: VideoFrame) -> Pixels:
        """Return [video.height, video.width, ...] of the frame."""
        alpha = self._alpha(frame) if self._has_alpha else None
        rgb = self._rgb(frame)
        if not self._is_deep:
            return Pixels(rgb, alpha=alpha)
        return Pixels(np.asarray(cv2.convertScaleAbs(rgb, alpha=1 / 257), np.uint8), rgb, alpha)

    def _rgb(self, frame: VideoFrame) -> NDArray[Any]:
        orientation = read_orientation(frame)
        if self._crops(frame):
            frame = self._cropped(frame)
        width, height = self._size
        if self._only_trims(orientation.upright_size(frame.width, frame.height)):
            return np.ascontiguousarray(orientation.apply(self._to_rgb(frame))[:height, :width])
        return orientation.apply(self._to_rgb(frame, orientation.upright_size(width, height)))

    def _only_trims(self, upright: tuple[int, int]) -> bool:
        """Whether only odd sides become even: the last line is cut off, all other pixels stay as they are."""
        width, height = self._size
        return upright != self._size and upright == (width | upright[0] & 1, height | upright[1] & 1)

    def _crops(self, frame: VideoFrame) -> bool:
        return bool(self._cropping) and self._cropping.fits(frame.width, frame.height)

    def _cropped(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame in RGB without the sides that the container asks to cut off."""
        inside = self._inside(self._to_uncropped_rgb(frame))
        cropped = av.VideoFrame.from_ndarray(np.ascontiguousarray(inside), "rgb48le" if self._is_deep else "rgb24")
        cropped.colorspace, cropped.color_range = RGB, FULL
        return cropped

    def _inside(self, image: NDArray[Any]) -> NDArray[Any]:
        sides = self._cropping
        return image[sides.top : image.shape[0] - sides.bottom, sides.left : image.shape[1] - sides.right]

    def _alpha(self, frame: VideoFrame) -> NDArray[np.uint16] | None:
        """Return the alpha, upright and at the working size; None where a frame has none."""
        if not has_alpha(frame.format):
            return None
        alpha = read_alpha(frame)
        alpha = Orientation.apply(read_orientation(frame), self._inside(alpha) if self._crops(frame) else alpha)
        width, height = self._size
        if self._only_trims((alpha.shape[1], alpha.shape[0])):
            alpha = alpha[:height, :width]
        return resize_alpha(alpha, width, height)


def resize_alpha(alpha: NDArray[np.uint16], width: int, height: int) -> NDArray[np.uint16]:
    """Return the alpha at another size."""
    if alpha.shape == (height, width):
        return np.ascontiguousarray(alpha)
    shrinks = width < alpha.shape[1]
    resized = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint16)
