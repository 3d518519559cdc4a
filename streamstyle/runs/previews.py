"""What can be seen of a frame: the result, the film, the frame painted alone, flow, and the consistency weight."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.frames import StylisedFrame

Picture = NDArray[np.uint8]
"""[H, W, 3] RGB."""

Sample = TypeVar("Sample", np.uint8, np.float32)

_FULL_COLOUR_SPEED = 0.03
"""Motion, as a share of the picture's width, that has the full colour."""


def render_view(painted: StylisedFrame, view: str, factor: int = 1) -> Picture | None:
    """Return a view, smaller by a whole factor; None where there is none, as of flow on the first frame of a shot."""
    motion = painted.flowed.motion
    match view:
        case "output":
            return _to_rgb(painted.image, factor)
        case "per_frame":
            return _to_rgb(painted.per_frame, factor)
        case "source":
            return _downscale(painted.flowed.frame.image, factor)
        case "flow" if motion is not None:
            return flow_to_colour(_downscale_tensor(motion.backward, factor), motion.backward.shape[-1])
        case "weight" if motion is not None:
            return np.repeat(_to_rgb(motion.weight[None], factor), 3, axis=-1)
        case _:
            return None


def flow_to_colour(
    flow: NDArray[np.float32],  # [2, H, W], pixels
    width: int,
) -> Picture:
    """Return a flow as colours: the direction by the hue, the speed by how far it is from white.

    `width` is that of the picture whose pixels flow is in. The square root lets slow motion be seen beside fast.
    """
    u, v = flow
    speed = np.sqrt(np.minimum(1, np.hypot(u, v) / (_FULL_COLOUR_SPEED * width)))
    hue = np.degrees(np.arctan2(v, u)) % 360
    wheel = cv2.cvtColor(np.stack((hue, speed, np.ones_like(hue)), -1).astype(np.float32), cv2.COLOR_HSV2RGB)
    return np.round(255 * wheel).astype(np.uint8)


def _to_rgb(image: Tensor, factor: int) -> Picture:
    """Return [C, H, W] in [0, 1] as bytes, smaller by a whole factor."""
    levels: Picture = np.rint(255 * _downscale_tensor(image, factor)).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))


def _downscale_tensor(image: Tensor, factor: int) -> NDArray[np.float32]:
    """Return [C, H, W] smaller by a whole factor.

    On a CPU not by torch: its threads would wait for cores that the painting has, for longer than this takes.
    """
    if image.is_cuda:
        return (F.avg_pool2d(image, factor, ceil_mode=True) if factor > 1 else image).cpu().numpy()
    return np.stack([_downscale(plane, factor) for plane in image.detach().numpy()])


def _downscale(image: NDArray[Sample], factor: int) -> NDArray[Sample]:
    """Return a picture or a plane of one, of bytes or floats, smaller by a whole factor."""
    if factor == 1:
        return image
    height, width = (-(-side // factor) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), image.dtype)


def downscale_factor(width: int, height: int, into: tuple[int, int]) -> int:
    """Return the whole factor by which a picture has to shrink to fit `into` (width, height); 1 where it does."""
    return max(1, -(-width // max(1, into[0])), -(-height // max(1, into[1])))


def encode_jpeg(picture: Picture) -> bytes:
    """Return the picture as a small file."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
