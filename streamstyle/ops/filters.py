"""Filters that split an image by the size of its detail."""

from __future__ import annotations

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels

BLOCK = 8
"""Side in pixels of the blocks that local means are taken over."""

MAX_SIGMA = 8 / 3
"""Standard deviation in pixels of the widest Gaussian; the GPU's shared memory holds eight pixels around a tile."""


def gaussian_blur(
    image: Tensor,  # [C, H, W] float32
    sigma: float,  # pixels
) -> Tensor:  # the same
    """Return the image blurred by a Gaussian cut off at three sigma; edge pixels are repeated outside the image."""
    if kernels := find_kernels(image):
        return kernels.run("gaussian_blur", image, gaussian_taps(sigma, image.device))[0]
    return torch_gaussian_blur(image, sigma)


def torch_gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """The torch twin of `gaussian_blur`, and its specification."""
    taps = gaussian_taps(sigma, image.device).to(image.dtype)
    radius = len(taps) // 2
    rows = F.conv2d(F.pad(image[:, None], (0, 0, radius, radius), mode="replicate"), taps.view(1, 1, -1, 1))
    return F.conv2d(F.pad(rows, (radius, radius, 0, 0), mode="replicate"), taps.view(1, 1, 1, -1))[:, 0]


@functools.cache  # by device, so that no frame waits for a copy
def gaussian_taps(sigma: float, device: torch.device | str = "cpu") -> Tensor:
    """Return the weights of a Gaussian, [2 ceil(3 sigma) + 1] float32."""
    if not 0 < sigma <= MAX_SIGMA:
        raise ValueError(f"sigma cannot be {sigma}; give up to {MAX_SIGMA:.2f}")
    radius = math.ceil(3 * sigma)
    distances = torch.arange(-radius, radius + 1, dtype=torch.float64)
    taps = torch.exp(-0.5 * (distances / sigma) ** 2)
    return (taps / taps.sum()).float().to(device)


def block_means(
    image: Tensor,  # [C, H, W] float32
) -> Tensor:  # [C, H/8, W/8], rounded up
    """Return the means of blocks of 8x8 pixels."""
    if kernels := find_kernels(image):
        return kernels.run("block_means", image)[0]
    return torch_block_means(image)


def torch_block_means(image: Tensor) -> Tensor:
    """The torch twin of `block_means`, and its specification."""
    return F.avg_pool2d(image[None], BLOCK, ceil_mode=True, count_include_pad=False)[0]


def smooth_blocks(
    means: Tensor,  # [C, H/8, W/8]
) -> Tensor:  # the same
    """Return the means of 3x3 blocks, of fewer at the edges."""
    return F.avg_pool2d(means[None], 3, stride=1, padding=1, count_include_pad=False)[0]


def soften_blocks(
    means: Tensor,  # [C, H/8, W/8]
) -> Tensor:  # the same
    """Return means of 3x3 blocks with the weights 1, 2, 1 across and down; blocks at the edges are repeated outside.

    It turns no pattern of blocks into its negative, as the mean of 3x3 does by a third: a correction that is made of it
    in every frame converges.
    """
    padded = F.pad(means[None], (1, 1, 1, 1), mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(padded, 2, stride=1), 2, stride=1)[0]


def enlarge_means(
    means: Tensor,  # [C, H/block, W/block], rounded up
    height: int,
    width: int,
    block: int = BLOCK,  # pixels
) -> Tensor:  # [C, H, W]
    """Return values of blocks interpolated to pixels."""
    size = [block * side for side in means.shape[-2:]]
    return F.interpolate(means[None], size, mode="bilinear", align_corners=False)[0, :, :height, :width]


def halve(
    image: Tensor,  # [C, H, W] float32
) -> Tensor:  # [C, H/2, W/2], rounded up
    """Return the means of 2x2 pixels; edge pixels are repeated outside the image."""
    if kernels := find_kernels(image):
        return kernels.run("halve", image)[0]
    return torch_halve(image)


def torch_halve(image: Tensor) -> Tensor:
    """The torch twin of `halve`, and its specification."""
    height, width = image.shape[1:]
    if height % 2 or width % 2:
        image = F.pad(image[None], (0, width % 2, 0, height % 2), mode="replicate")[0]
    upper, lower = (
        image[:, row::2, ::2] + image[:, row::2, 1::2] for row in (0, 1)
    )  # pooling takes five times as long
    return (upper + lower).mul_(0.25)


def add_doubled(
    image: Tensor,  # [C, H, W] float32
    small: Tensor,  # [C, H/2, W/2] float32, rounded up
) -> Tensor:  # [C, H, W] in [0, 1]
    """Return the sum of an image and one of half its size, enlarged linearly; what is outside [0, 1] is clipped."""
    if small.shape[1:] != tuple(-(-side // 2) for side in image.shape[1:]):
        raise ValueError(f"{list(small.shape)} is not half the size of {list(image.shape)}")
    if kernels := find_kernels(image, small):
        return kernels.run("add_doubled", image, small)[0]
    return torch_add_doubled(image, small)


def torch_add_doubled(image: Tensor, small: Tensor) -> Tensor:
    """The torch twin of `add_doubled`, and its specification."""
    return enlarge_means(small, image.shape[1], image.shape[2], 2).add_(image).clamp_(0, 1)
