"""Augmentations: camera noise, codec blocks, and the downscaling that the upscaler is trained to undo."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.media.images import RgbImage, decode_image, encode_image
from streamstyle.ops.image import to_numpy, to_tensor

NOISE_SIGMA = 0.03
"""Standard deviation of camera noise in poor light."""

MIN_JPEG_QUALITY, MAX_JPEG_QUALITY = 20, 60
"""Range of JPEG quality, from 1 to 100, that stands for a codec's."""


MAX_SHIFT = 7
"""Maximum shift in pixels between an image and its shifted version; the network works on a grid of eight pixels."""

MAX_BRIGHTENING = 0.1
"""Maximum relative change of brightness."""


def add_noise(images: Tensor) -> Tensor:
    """Return the images, [N, 3, H, W] in [0, 1], with camera noise."""
    return (images + NOISE_SIGMA * torch.randn_like(images)).clamp(0, 1)


def compress(images: Tensor) -> Tensor:
    """Return the images, [N, 3, H, W] in [0, 1], as after coding at a low bit rate, with blocks of 8 or 16 pixels."""
    return torch.stack([_compress(image) for image in images])


def perturb(
    images: Tensor,  # [N, 3, H, W] float in [0, 1]
    stylised: Tensor,  # [N, 3, H, W] float in [0, 1]
) -> tuple[Tensor, Tensor]:  # both [N, 3, h, w]
    """Return the images as another frame of a film might show them, and how they are to look stylised.

    One of four, with equal probability: with camera noise, compressed, shifted by some pixels, or a little brighter or
    darker. Noise and blocks are not to be seen, and the others are to change the stylised images likewise.
    """
    kind = int(torch.randint(4, ()))
    if kind == 0:
        return add_noise(images), stylised
    if kind == 1:
        return compress(images), stylised
    if kind == 2:
        top, left = torch.randint(MAX_SHIFT + 1, (2,)).tolist()
        height, width = (side - MAX_SHIFT for side in images.shape[-2:])
        rows, columns = slice(top, top + height), slice(left, left + width)
        return images[..., rows, columns], stylised[..., rows, columns]
    gain = 1 + MAX_BRIGHTENING * (2 * torch.rand((), device=images.device) - 1)
    return (gain * images).clamp(0, 1), (gain * stylised).clamp(0, 1)


def _compress(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    scale = 1 + int(torch.randint(2, ()))
    small = F.avg_pool2d(image[None], scale)[0]
    decoded = to_tensor(
        _through_jpeg(to_numpy(small), int(torch.randint(MIN_JPEG_QUALITY, MAX_JPEG_QUALITY + 1, ()))), image.device
    )
    return F.interpolate(decoded[None], size=(height, width), mode="bilinear", align_corners=False)[0]


def _through_jpeg(image: RgbImage, quality: int) -> RgbImage:
    decoded = decode_image(encode_image(image, ".jpg", quality))
    assert decoded is not None, "a JPEG that was just encoded"
    return decoded


SHARP_FRACTION = 0.25
"""Fraction of the images that are not softened."""

MAX_SOFTENING = 0.2
"""Maximum weight of each neighbour in `soften`. 0.25 is the filter that style networks end with. The spectra of frames
stylised at 640x360 match those of frames stylised at twice that size and halved for weights between 0.1 and 0.25, but a
network trained up to 0.25 adds detail that flickers."""

FLICKER_NOISE = 4 / 255
"""Maximum standard deviation of the noise added to small images before softening, like the flicker of a style network:
detail as faint as that is not to be amplified."""


def downscale(
    images: Tensor,  # [N, 3, 2 H, 2 W] float in [0, 1]
) -> Tensor:  # [N, 3, H, W] float32 in [0, 1]
    """Return the images at half their size, by a random filter, with random softness and noise."""
    if torch.rand(()) < 0.5:
        small = F.avg_pool2d(images, 2)
    else:
        small = F.interpolate(images, scale_factor=0.5, mode="bicubic", antialias=True)
    count = len(images)
    neighbour = (
        MAX_SOFTENING
        * torch.rand(count, device=images.device)
        * (torch.rand(count, device=images.device) >= SHARP_FRACTION)
    )
    noise = FLICKER_NOISE * torch.rand(count, 1, 1, 1, device=images.device) * torch.randn_like(small)
    return soften(small + noise, neighbour.view(-1, 1, 1, 1)).clamp(0, 1)


def soften(
    images: Tensor,  # [N, 3, H, W] float
    neighbour: Tensor | float,  # weight n of a neighbour, [N, 1, 1, 1] or one for all
) -> Tensor:  # [N, 3, H, W]
    """Return the images filtered by [n, 1 - 2 n, n] in both directions, mirrored at the border."""
    padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
    rows = neighbour * (padded[..., :-2] + padded[..., 2:]) + (1 - 2 * neighbour) * padded[..., 1:-1]
    return neighbour * (rows[..., :-2, :] + rows[..., 2:, :]) + (1 - 2 * neighbour) * rows[..., 1:-1, :]
