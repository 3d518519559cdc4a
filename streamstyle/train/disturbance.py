"""What happens to a picture on its way to a film and back: a camera's noise, a codec's blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.media.picture import Picture, decoded, encoded
from streamstyle.ops.pixels import to_tensor, to_uint8

NOISE = 0.03
"""Standard deviation of the noise a picture is disturbed by: a camera's, in poor light."""

WORST, BEST = 20, 60
"""Qualities of JPEG, from 1 to 100, that a codec's blocks are drawn with."""


def noisy(images: Tensor) -> Tensor:
    """Return the pictures, [N, 3, H, W] in [0, 1], as a camera would see them the next moment."""
    return (images + NOISE * torch.randn_like(images)).clamp(0, 1)


def compressed(images: Tensor) -> Tensor:
    """Return the pictures, [N, 3, H, W] in [0, 1], as they come out of a film of few bits, with blocks of 8 or 16."""
    return torch.stack([_compressed(image) for image in images])


def disturbed(images: Tensor) -> Tensor:
    """Return the pictures, [N, 3, H, W] in [0, 1], noisy or compressed: one as likely as the other."""
    return noisy(images) if torch.rand(()) < 0.5 else compressed(images)


def _compressed(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    scale = 1 + int(torch.randint(2, ()))
    small = F.avg_pool2d(image[None], scale)[0]
    coded = to_tensor(_coded(to_uint8(small), int(torch.randint(WORST, BEST + 1, ()))), image.device)
    return F.interpolate(coded[None], size=(height, width), mode="bilinear", align_corners=False)[0]


def _coded(picture: Picture, quality: int) -> Picture:
    coded = decoded(encoded(picture, ".jpg", quality))
    assert coded is not None, "what was just written can be read"
    return coded
