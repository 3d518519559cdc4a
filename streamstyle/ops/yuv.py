"""RGB to yuv420p planes for an encoder: limited range, 8 bits (ITU-R BT.601 and BT.709)."""

from __future__ import annotations

import torch
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.luma import LumaWeights

_CHROMA_TAPS = (-0.0140625, -0.0421875, 0.1203125, 0.4359375, 0.4359375, 0.1203125, -0.0421875, -0.0140625)
"""Weights of eight rows in a chroma sample: Keys' cubic kernel with a = -0.6 at odd multiples of a quarter."""


def rgb_to_yuv420(
    image: Tensor,  # [3, H, W] float RGB in [0, 1], H and W even; other values are clipped
    luma: LumaWeights,
) -> Tensor:
    """Return [3 H / 2, W] uint8: H rows of Y, then U and V with one sample per 2x2 pixels.

    Chroma samples are at the centre of their pixels, as in libswscale, whose result differs by one level at most.
    """
    if kernels := find_kernels(image):
        return kernels.run("rgb_to_yuv420", image, luma.red, luma.blue)[0].view(-1, image.shape[-1])
    return torch_rgb_to_yuv420(image, luma)


def torch_rgb_to_yuv420(image: Tensor, luma: LumaWeights) -> Tensor:
    """The torch twin of `rgb_to_yuv420`, and its specification."""
    red, green, blue = image.clamp(0, 1)
    brightness = luma.red * red + (1 - luma.red - luma.blue) * green + luma.blue * blue
    planes = [16 + 219 * brightness]
    for channel, weight in ((blue, luma.blue), (red, luma.red)):
        planes.append(128 + 112 / (1 - weight) * _downsample_chroma(channel - brightness))
    levels = torch.cat([plane.flatten() for plane in planes])
    return levels.add_(0.5).floor_().clamp_(0, 255).to(torch.uint8).view(-1, image.shape[-1])


def _downsample_chroma(plane: Tensor) -> Tensor:  # [H, W] → [H / 2, W / 2]
    """Return the plane at half its size: pairs averaged along x, eight rows filtered along y, edge rows repeated."""
    pairs = (plane[:, ::2] + plane[:, 1::2]) / 2
    height = plane.shape[0]
    rows = torch.arange(0, height, 2, device=plane.device)
    total = pairs.new_zeros(len(rows), pairs.shape[1])
    for step, weight in enumerate(_CHROMA_TAPS, start=-3):
        total.add_(pairs.index_select(0, (rows + step).clamp_(0, height - 1)), alpha=weight)
    return total
