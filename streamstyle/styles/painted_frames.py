"""Key frames and their paintings, as kept in the weights file of the style that was learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamstyle.media.images import RgbImage
from streamstyle.models.metadata import KEYFRAMES, open_weights
from streamstyle.styles.spec import StyleBlend


@dataclass(frozen=True, slots=True)
class PaintedFrame:
    """A key frame and its painting, both [H, W, 3] uint8 RGB at the size that the film is stylised at."""

    pts: int
    """Of the frame, in ticks of `VideoInfo.time_base`."""
    image: RgbImage
    painting: RgbImage


_PTS = "keyframe_pts"
"""Name in the metadata of the times of kept key frames."""


def pack_painted_frames(painted: Sequence[PaintedFrame]) -> tuple[dict[str, NDArray[np.uint8]], dict[str, str]]:
    """Return the tensor and the metadata that keep key frames in a weights file."""
    pixels = np.stack([np.stack((each.image, each.painting)) for each in painted])
    return {KEYFRAMES: pixels}, {_PTS: " ".join(str(each.pts) for each in painted)}


def read_kept_frames(style: StyleBlend) -> list[PaintedFrame]:
    """Return the key frames that a style was learned from, in the order of their times; none of other styles.

    Raises StyleError if the weights file cannot be read.
    """
    if len(style.parts) > 1 or style.parts[0].path.suffix != ".safetensors":
        return []
    with open_weights(style.parts[0].path) as file:
        if KEYFRAMES not in file.keys():  # noqa: SIM118  # no mapping
            return []
        pixels, pts = file.get_tensor(KEYFRAMES), (file.metadata() or {}).get(_PTS, "").split()
    if pixels.dtype != np.uint8 or pixels.ndim != 5 or pixels.shape[1::3] != (2, 3) or len(pts) != len(pixels):
        return []
    return [PaintedFrame(int(tick), *pair) for tick, pair in zip(pts, pixels, strict=True)]
