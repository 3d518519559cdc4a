"""What happens to a picture on its way to a film and back: a camera's noise, a codec's blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.media.picture import RgbImage, decode_image, encode_image
from streamstyle.ops.pixels import to_tensor, to_numpy

NOISE_SIGMA = 0.03
"""Standard deviation of the noise a picture is disturbed by: a camera's, in poor light."""

MIN_JPEG_QUALITY, MAX_JPEG_QUALITY = 20, 60
"""Qualities of JPEG, from 1 to 100, that a codec's blocks are drawn with."""


def add_noise(images: Tensor) -> Tensor:
    """Return the pictures, [N, 3, H, W] in [0, 1], as a camera would see them the next moment."""
    return (images + NOISE_SIGMA * torch.randn_like(images)).clamp(0, 1)


def compress(images: Tensor) -> Tensor:
    """Return the pictures, [N, 3, H, W] in [0, 1], as they come out of a film of few bits, with blocks of 8 or 16."""
    return torch.stack([_compress(image) for image in images])


def disturb(images: Tensor) -> Tensor:
    """Return the pictures, [N, 3, H, W] in [0, 1], noisy or compressed: one as likely as the other."""
    return add_noise(images) if torch.rand(()) < 0.5 else compress(images)


def _compress(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    scale = 1 + int(torch.randint(2, ()))
    small = F.avg_pool2d(image[None], scale)[0]
    coded = to_tensor(
        _through_jpeg(to_numpy(small), int(torch.randint(MIN_JPEG_QUALITY, MAX_JPEG_QUALITY + 1, ()))), image.device
    )
    return F.interpolate(coded[None], size=(height, width), mode="bilinear", align_corners=False)[0]


def _through_jpeg(picture: RgbImage, quality: int) -> RgbImage:
    coded = decode_image(encode_image(picture, ".jpg", quality))
    assert coded is not None, "what was just written can be read"
    return coded
