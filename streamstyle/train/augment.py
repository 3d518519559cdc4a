"""What happens to a picture on its way to a film and back: a camera's noise, a codec's blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.media.images import RgbImage, decode_image, encode_image
from streamstyle.ops.image import to_numpy, to_tensor

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


def add_noise_or_compress(images: Tensor) -> Tensor:
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


SHARP_SHARE = 0.25
"""Share of the pictures that are not softened."""

MAX_SOFTENING = 0.2
"""The most that each neighbour of a pixel counts in it. With a quarter it is the filter that style networks end in; of
frames painted at 640x360 and frames painted at twice that and halved, spectra are alike between 0.1 and 0.25; a network
that has seen the softest makes a film flicker by what it adds."""

FLICKER_NOISE = 4 / 255
"""The most that small pictures differ from what they should be, softened with them, as a painter's own unrest is:
what is as faint as what changes from frame to frame is not to be made stronger."""


def downscale(
    whole: Tensor,  # [N, 3, 2 H, 2 W] float in [0, 1]
) -> Tensor:  # [N, 3, H, W] float32 in [0, 1]
    """Return the pictures at half their size, by one filter or another, each more or less soft."""
    if torch.rand(()) < 0.5:
        small = F.avg_pool2d(whole, 2)
    else:
        small = F.interpolate(whole, scale_factor=0.5, mode="bicubic", antialias=True)
    count = len(whole)
    neighbour = (
        MAX_SOFTENING * torch.rand(count, device=whole.device) * (torch.rand(count, device=whole.device) >= SHARP_SHARE)
    )
    unrest = FLICKER_NOISE * torch.rand(count, 1, 1, 1, device=whole.device) * torch.randn_like(small)
    return soften(small + unrest, neighbour.view(-1, 1, 1, 1)).clamp(0, 1)


def soften(
    images: Tensor,  # [N, 3, H, W] float
    neighbour: Tensor | float,  # what a pixel's neighbour counts in it, [N, 1, 1, 1] or one for all
) -> Tensor:  # [N, 3, H, W]
    """Return the pictures filtered by [n, 1 - 2 n, n] both ways, mirrored at the border."""
    padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
    across = neighbour * (padded[..., :-2] + padded[..., 2:]) + (1 - 2 * neighbour) * padded[..., 1:-1]
    return neighbour * (across[..., :-2, :] + across[..., 2:, :]) + (1 - 2 * neighbour) * across[..., 1:-1, :]
