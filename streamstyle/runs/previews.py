"""Views of a frame as images: the output, the source, the per-frame stylisation, the flow, the consistency weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.events import PreviewsWritten
from streamstyle.files import atomic_write
from streamstyle.frames import StylisedFrame
from streamstyle.job import FrameContext
from streamstyle.runs.folder import PreviewRequest, RunFolder

RgbImage = NDArray[np.uint8]
"""[H, W, 3] RGB."""

Sample = TypeVar("Sample", np.uint8, np.float32)

_FULL_COLOUR_SPEED = 0.03
"""Motion per frame that is drawn in full colour, as a fraction of the image's width."""

_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Previews:
    """Views of a frame as they are sent and written."""

    index: int
    """Of the frame within the film."""
    time: float
    """Seconds."""
    images: dict[str, bytes] = field(repr=False)
    """JPEG files by view."""
    request: PreviewRequest


def render_previews(context: FrameContext, request: PreviewRequest) -> Previews:
    """Return the views that are requested, those that the frame has, in the size that is requested or less."""
    factor = downscale_factor(context.video.width, context.video.height, (request.width, request.height))
    images = {view: render_view(context.stylised, view, factor) for view in request.views}
    frame = context.stylised.flowed.frame
    jpegs = {view: encode_jpeg(image) for view, image in images.items() if image is not None}
    return Previews(frame.index, context.video.seconds(frame.pts), jpegs, request)


def write_previews(folder: RunFolder, previews: Previews) -> PreviewsWritten:
    """Write the previews into the folder of a run; return the event. Raises OSError."""
    paths = {view: folder.previews / f"{view}.jpg" for view in previews.images}
    for view, path in paths.items():
        atomic_write(path, previews.images[view])
    shown = {view: str(path) for view, path in paths.items()}
    return PreviewsWritten(previews.index + 1, previews.time, shown, previews.request.width, previews.request.height)


def render_view(stylised: StylisedFrame, view: str, factor: int = 1) -> RgbImage | None:
    """Return a view of the frame, downscaled by a whole factor; views are those of `folder.VIEWS`.

    None for a view that the frame does not have: the first frame of a shot has no flow and no consistency weight.
    """
    motion = stylised.flowed.motion
    match view:
        case "output":
            return _to_rgb(stylised.image, factor)
        case "per_frame":
            return _to_rgb(stylised.per_frame, factor)
        case "source":
            return _downscale(stylised.flowed.frame.image, factor)
        case "flow" if motion is not None:
            return flow_to_colour(_downscale_tensor(motion.backward, factor), motion.backward.shape[-1])
        case "weight" if motion is not None:
            return np.repeat(_to_rgb(motion.weight[None], factor), 3, axis=-1)
        case _:
            return None


def flow_to_colour(
    flow: NDArray[np.float32],  # [2, H, W], pixels
    width: int,
) -> RgbImage:
    """Return a colour wheel image of the flow: hue is the direction, saturation the square root of the speed.

    `width` is that of the image whose pixels the flow is measured in. The square root makes slow motion visible beside
    fast motion.
    """
    u, v = flow
    saturation = np.sqrt(np.minimum(1, np.hypot(u, v) / (_FULL_COLOUR_SPEED * width)))
    hue = np.degrees(np.arctan2(v, u)) % 360
    hsv = np.stack((hue, saturation, np.ones_like(hue)), -1).astype(np.float32)
    return np.round(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)).astype(np.uint8)


def downscale_factor(width: int, height: int, into: tuple[int, int]) -> int:
    """Return the smallest whole factor by which an image fits `into` (width, height) when it is downscaled."""
    return max(1, -(-width // max(1, into[0])), -(-height // max(1, into[1])))


def encode_jpeg(image: RgbImage) -> bytes:
    """Return the image as a JPEG file."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes())


def _to_rgb(
    image: Tensor,  # [C, H, W] in [0, 1]
    factor: int,
) -> NDArray[np.uint8]:  # [h, w, C]
    levels = np.rint(255 * _downscale_tensor(image, factor)).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))


def _downscale_tensor(
    image: Tensor,  # [C, H, W]
    factor: int,
) -> NDArray[np.float32]:  # [C, h, w]
    """Downscale on the tensor's device; in main memory by OpenCV, since torch's threads would wait longer for cores
    that the stylisation uses than OpenCV takes.
    """
    if image.is_cuda:
        return (F.avg_pool2d(image, factor, ceil_mode=True) if factor > 1 else image).cpu().numpy()
    return np.stack([_downscale(plane, factor) for plane in image.detach().numpy()])


def _downscale(image: NDArray[Sample], factor: int) -> NDArray[Sample]:
    """Downscale [H, W] or [H, W, C]."""
    if factor == 1:
        return image
    height, width = (-(-side // factor) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), image.dtype)
