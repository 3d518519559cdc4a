"""Backward warping of an image by optical flow."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels

_MARGIN = 2
"""Pixels that a bicubic kernel reads to the right of and below a position."""


def backward_warp(
    image: Tensor,  # [C, H, W] float32
    flow: Tensor,  # [2, H, W] float32, pixels (u right, v down)
    mode: Literal["bicubic", "bilinear"] = "bicubic",
) -> Tensor:
    """Return [C, H, W] float32: `image` sampled at p + flow(p), with edge pixels repeated outside the image.

    (0, 0) is the centre of the first pixel. Positions on a pixel return it bit for bit, so that a still scene does not
    blur however often it is warped. Bicubic is Keys' kernel with a = -0.75 (IEEE TASSP 29(6), 1981).
    """
    if kernels := find_kernels(image, flow):
        return kernels.run(f"warp_{mode}", image, flow)[0]
    return torch_backward_warp(image, flow, mode)


def torch_backward_warp(image: Tensor, flow: Tensor, mode: Literal["bicubic", "bilinear"] = "bicubic") -> Tensor:
    """The torch twin of `backward_warp`, and its specification."""
    height, width = image.shape[-2:]
    steps = torch.arange(max(height, width), dtype=torch.float32, device=image.device)
    x = (flow[0] + steps[:width]).clamp_(0, width - 1)
    y = (flow[1] + steps[:height, None]).clamp_(0, height - 1)
    padded = _pad_to_power_of_two(image)
    # grid_sample takes -1..1 from edge to edge; with sides that are powers of two the conversion is exact.
    grid = torch.stack(((2 * x + 1) / padded.shape[-1] - 1, (2 * y + 1) / padded.shape[-2] - 1), dim=-1)
    return F.grid_sample(padded[None], grid[None], mode=mode, padding_mode="border", align_corners=False)[0]


def _pad_to_power_of_two(image: Tensor) -> Tensor:
    """Return the image padded to sides that are powers of two; its edge is repeated as far as it is read."""
    channels, height, width = image.shape
    padded = image.new_empty(channels, *(1 << (side + _MARGIN - 1).bit_length() for side in (height, width)))
    padded[:, :height, :width] = image
    padded[:, height : height + _MARGIN, :width] = image[:, -1:]
    padded[:, : height + _MARGIN, width : width + _MARGIN] = padded[:, : height + _MARGIN, width - 1 : width]
    return padded
