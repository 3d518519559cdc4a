"""A picture carried along a flow."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels

_REACH = 2
"""Pixels right of and below a place that a bicubic kernel reads."""


def backward_warp(
    image: Tensor,  # [C, H, W] float32
    flow: Tensor,  # [2, H, W] float32, pixels (u right, v down)
    mode: Literal["bicubic", "bilinear"] = "bicubic",
) -> Tensor:
    """Return [C, H, W], where p shows `image` at p + flow(p); beyond its edge the picture goes on as its edge pixel.

    Pixel (0, 0) is the centre of the first pixel. Places that fall on a pixel show it bit for bit, so a still scene
    does not blur however often it is warped. Bicubic is Keys' kernel with a = -0.75 (IEEE TASSP 29(6), 1981).
    """
    if kernels := find_kernels(image, flow):
        return kernels.run(f"warp_{mode}", image, flow)[0]
    return torch_backward_warp(image, flow, mode)


def torch_backward_warp(image: Tensor, flow: Tensor, mode: Literal["bicubic", "bilinear"] = "bicubic") -> Tensor:
    """Return what `backward_warp` does: its specification."""
    height, width = image.shape[-2:]
    steps = torch.arange(max(height, width), dtype=torch.float32, device=image.device)
    x = (flow[0] + steps[:width]).clamp_(0, width - 1)
    y = (flow[1] + steps[:height, None]).clamp_(0, height - 1)
    padded = _pad_to_power_of_two(image)
    # grid_sample wants -1..1 from edge to edge; with sides that are powers of two no bit is lost on the way there.
    grid = torch.stack(((2 * x + 1) / padded.shape[-1] - 1, (2 * y + 1) / padded.shape[-2] - 1), dim=-1)
    return F.grid_sample(padded[None], grid[None], mode=mode, padding_mode="border", align_corners=False)[0]


def _pad_to_power_of_two(image: Tensor) -> Tensor:
    """Return the image in the corner of one whose sides are powers of two; its edge goes on as far as it is read."""
    channels, height, width = image.shape
    padded = image.new_empty(channels, *(1 << (side + _REACH - 1).bit_length() for side in (height, width)))
    padded[:, :height, :width] = image
    padded[:, height : height + _REACH, :width] = image[:, -1:]
    padded[:, : height + _REACH, width : width + _REACH] = padded[:, : height + _REACH, width - 1 : width]
    return padded
