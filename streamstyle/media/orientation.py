"""How a decoded picture is turned to stand upright, as its container says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from av.sidedata.sidedata import Type

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Orientation:
    """A turn by quarters, then a mirror image: the eight ways a camera can be held."""

    rotation: int = 0
    """Degrees clockwise: 0, 90, 180 or 270."""
    mirrored: bool = False
    """Left and right change places after the turn."""

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return [H, W, ...] as it should be seen, contiguous in memory."""
        turned = np.rot90(image, -(self.rotation // 90))
        return np.ascontiguousarray(turned[:, ::-1] if self.mirrored else turned)

    def upright_size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of the upright picture; its own inverse."""
        return (height, width) if self.rotation in (90, 270) else (width, height)


def read_orientation(frame: VideoFrame) -> Orientation:
    """Read the display matrix that the decoder put beside the picture.

    The matrix maps a point (x, y), y down, to (a x + c y, b x + d y), stored a, b, u, c, d, v, x, y, w in 16.16
    fixed point (ISO/IEC 14496-12, 6.2.2). Angles in between go to the nearest quarter.
    """
    try:
        data = frame.side_data[Type.DISPLAYMATRIX]  # type: ignore[typeddict-item]
    except KeyError:
        return Orientation()
    a, b, _, c, d, *_ = (int(value) for value in np.frombuffer(data, np.int32))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, c = -a, -c
    return Orientation(round(np.degrees(np.arctan2(b, a)) / 90) % 4 * 90, mirrored)
