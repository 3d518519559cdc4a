"""Backward warping of an image by optical flow."""

from __future__ import annotations

import functools
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels

WarpMode = Literal["bilinear", "bicubic", "lanczos"]

_MARGIN = 2
"""Pixels that a bicubic kernel reads to the right of and below a position."""

LANCZOS_PHASES = 64
"""Positions per pixel that a Lanczos kernel is tabulated for: those of a flow as the flow cache stores it."""

_LANCZOS_RADIUS = 3


def backward_warp(
    image: Tensor,  # [C, H, W] float32
    flow: Tensor,  # [2, H, W] float32, pixels (u right, v down)
    mode: WarpMode = "bicubic",
) -> Tensor:
    """Return [C, H, W] float32: `image` sampled at p + flow(p), with edge pixels repeated outside the image.

    (0, 0) is the centre of the first pixel. Positions on a pixel return it bit for bit, so that a still scene does not
    blur however often it is warped. Bicubic is Keys' kernel with a = -0.75 (IEEE TASSP 29(6), 1981). Lanczos has six
    taps and rounds positions to 1/64 pixel; it blurs less where an image is warped again and again.
    """
    kernels = find_kernels(image, flow)
    if kernels is None:
        return torch_backward_warp(image, flow, mode)
    tables = (lanczos_table(image.device),) if mode == "lanczos" else ()
    return kernels.run(f"warp_{mode}", image, flow, *tables)[0]


def torch_backward_warp(image: Tensor, flow: Tensor, mode: WarpMode = "bicubic") -> Tensor:
    """The torch twin of `backward_warp`, and its specification."""
    height, width = image.shape[-2:]
    steps = torch.arange(max(height, width), dtype=torch.float32, device=image.device)
    x = (flow[0] + steps[:width]).clamp_(0, width - 1)
    y = (flow[1] + steps[:height, None]).clamp_(0, height - 1)
    if mode == "lanczos":
        return _sample_lanczos(image, x, y)
    padded = _pad_to_power_of_two(image)
    # grid_sample takes -1..1 from edge to edge; with sides that are powers of two the conversion is exact.
    grid = torch.stack(((2 * x + 1) / padded.shape[-1] - 1, (2 * y + 1) / padded.shape[-2] - 1), dim=-1)
    return F.grid_sample(padded[None], grid[None], mode=mode, padding_mode="border", align_corners=False)[0]


@functools.cache  # by device, so that no frame waits for a copy
def lanczos_table(device: torch.device | str = "cpu") -> Tensor:
    """Return the weights of the six taps at each of 64 phases, [64, 6] float32; the third tap is the pixel itself."""
    phases = torch.arange(LANCZOS_PHASES, dtype=torch.float64)[:, None] / LANCZOS_PHASES
    distances = phases - torch.arange(1 - _LANCZOS_RADIUS, _LANCZOS_RADIUS + 1)
    weights = torch.sinc(distances) * torch.sinc(distances / _LANCZOS_RADIUS)
    weights[0] = (distances[0] == 0).double()  # sinc is not exactly 0 at whole numbers
    return (weights / weights.sum(1, keepdim=True)).float().to(device)


def _sample_lanczos(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the image at positions inside it, [H, W] each."""
    margin, table = _LANCZOS_RADIUS, lanczos_table(image.device).to(image.dtype)
    padded = F.pad(image[None], (margin,) * 4, mode="replicate")[0]
    (first_x, taps_x), (first_y, taps_y) = (_phases(position, table) for position in (x, y))
    width = padded.shape[-1]
    pixels = padded.flatten(1).t().contiguous()  # the channels of a pixel side by side: found at once
    first = (first_y * width + first_x).flatten()
    sampled = pixels.new_zeros(len(first), len(image))
    for j in range(2 * _LANCZOS_RADIUS):
        row = torch.zeros_like(sampled)
        for i in range(2 * _LANCZOS_RADIUS):
            row.addcmul_(taps_x[:, i : i + 1], pixels.index_select(0, first + ((j + 1) * width + i + 1)))
        sampled.addcmul_(taps_y[:, j : j + 1], row)
    return sampled.t().reshape(image.shape)


def _phases(position: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pixel that each position is in, [H, W], and the weights of its taps, [H·W, 6]."""
    steps = (position * LANCZOS_PHASES + 0.5).long()
    return steps // LANCZOS_PHASES, table.index_select(0, (steps % LANCZOS_PHASES).flatten())


def _pad_to_power_of_two(image: Tensor) -> Tensor:
    """Return the image padded to sides that are powers of two; its edge is repeated as far as it is read."""
    channels, height, width = image.shape
    padded = image.new_empty(channels, *(1 << (side + _MARGIN - 1).bit_length() for side in (height, width)))
    padded[:, :height, :width] = image
    padded[:, height : height + _MARGIN, :width] = image[:, -1:]
    padded[:, : height + _MARGIN, width : width + _MARGIN] = padded[:, : height + _MARGIN, width - 1 : width]
    return padded
