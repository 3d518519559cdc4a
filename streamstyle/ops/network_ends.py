"""What a style network does before its first convolution and after its last one: space-to-depth and depth-to-space."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.image import FAINT_DIFFERENCE, FAINT_RADIUS, suppress_faint_detail

CHANNELS = 12
"""Channels of a position that holds 2x2 pixels."""


def network_input(
    images: Tensor,  # [N, 3, H, W] float in [0, 1], H and W multiples of 4
) -> Tensor:  # [N, 12, H/2, W/2] float, channels_last
    """Return the images without faint detail, centred at 0, with 2x2 pixels in the channels of one position."""
    kernels = find_kernels(images)
    if not kernels:
        return torch_network_input(images)
    inputs = []
    for image in images:
        means = kernels.run("relative_means", image)[0]
        local = kernels.run("gaussian_blur", means, _box_taps(image.device).to(image.dtype))[0]
        inputs.append(kernels.run("network_input", image, local, FAINT_DIFFERENCE**-2)[0])
    return (inputs[0][None] if len(inputs) == 1 else torch.stack(inputs)).permute(0, 3, 1, 2)


def torch_network_input(images: Tensor) -> Tensor:
    """The torch twin of `network_input`, and its specification."""
    centred = centre(suppress_faint_detail(images))
    return F.pixel_unshuffle(centred, 2).contiguous(memory_format=torch.channels_last)


def centre(images: Tensor) -> Tensor:
    """Return values in [0, 1] as in [-2, 2], in place."""
    return images.sub_(0.5).mul_(4)


def depth_to_space(
    features: Tensor,  # [N, 12, H, W] float
) -> Tensor:  # [N, 3, 2 H, 2 W]
    """Return the channels of each position as 2x2 pixels, filtered by [1 2 1] / 4 in both directions.

    The filter's zero is at a period of two pixels: a grid that depth-to-space may leave is removed. The border is
    reflected, which continues that grid.
    """
    kernels = find_kernels(features)
    if not kernels:
        return torch_depth_to_space(features)
    height, width = features.shape[-2:]
    images = [
        kernels.run("depth_to_space", each)[0].view(3, 2 * height, 2 * width) for each in features.permute(0, 2, 3, 1)
    ]
    return images[0][None] if len(images) == 1 else torch.stack(images)


def torch_depth_to_space(features: Tensor) -> Tensor:
    """The torch twin of `depth_to_space`, and its specification."""
    padded = F.pad(F.pixel_shuffle(features, 2), (1, 1, 1, 1), mode="reflect")
    rows = padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]
    return (rows[..., :-2, :] + 2 * rows[..., 1:-1, :] + rows[..., 2:, :]) / 16


@functools.cache  # by device, so that no frame waits for a copy
def _box_taps(device: torch.device) -> Tensor:
    return torch.full((2 * FAINT_RADIUS + 1,), 1 / (2 * FAINT_RADIUS + 1), device=device)
