"""The grid of four pixels that a network which upsamples from a quarter of the size tends to draw, like cloth."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.ops.filters import MAX_SIGMA, gaussian_blur

GRID_WEIGHT = 30.0
"""Weight of the mean square of a difference's grid in an imitation, relative to the variance of the image."""

_LOSS_WEIGHT = 10.0
"""The same of an image's own grid, of which any fine texture has some by chance."""

_PERIOD, _WINDOW = 4, 32


def grid_error(
    difference: Tensor,  # [N, 3, H, W], H and W at least 32
) -> Tensor:
    """Return the mean square of the part of a difference that repeats every four pixels, in windows of 32x32."""
    period, count = _PERIOD, _WINDOW // _PERIOD
    rows, columns = (side // _WINDOW for side in difference.shape[-2:])
    whole = difference[..., : rows * _WINDOW, : columns * _WINDOW]
    phases = whole.reshape(-1, rows, count, period, columns, count, period).mean((2, 5))
    grid: Tensor = (phases - phases.mean((2, 4), keepdim=True)).square().mean()
    return grid


@torch.no_grad()
def without_grid(
    images: Tensor,  # [N, 3, H, W] float in [0, 1], H and W divisible by four
) -> Tensor:  # the same
    """Return the images without what repeats every four pixels.

    It is what pixels have in common with those four, eight, ... pixels beside them, in what is finer than some four
    pixels: their mean, by a Gaussian of eight pixels, in which lively surroundings count less, and outliers, such as an
    edge, no more than twice the usual. What is left is looked for once more.
    """
    with torch.autocast(images.device.type, enabled=False):
        planes = images.float().flatten(0, 1)
        for _ in range(2):
            fine = planes - gaussian_blur(planes, 1.5)
            activity = gaussian_blur(fine.abs(), MAX_SIGMA)
            limit = (2 * activity).clamp(min=4 / 255)
            weight = 1 / (1 + (activity * 255 / 8).square())
            weighted, total = (_blur_phases(plane) for plane in (weight * fine.clamp(-limit, limit), weight))
            grid = weighted / total
            planes = planes - F.pixel_shuffle(grid - grid.mean(1, keepdim=True), _PERIOD)[:, 0]
    return planes.view_as(images)


def _blur_phases(
    planes: Tensor,  # [C, H, W]
) -> Tensor:  # [C, 16, H/4, W/4]
    """Return each of the 4x4 positions in a cell of the grid by itself, blurred over the cells beside it."""
    phases = F.pixel_unshuffle(planes[:, None], _PERIOD)
    return gaussian_blur(phases.flatten(0, 1).contiguous(), 2.0).view_as(phases)


def grid_loss(
    stylised: Tensor,  # [N, 3, H, W] float in [0, 1], H and W divisible by four
) -> Tensor:
    """Return the weighted mean square of the grid that images have."""
    grid = (stylised - without_grid(stylised)).square().mean()
    return _LOSS_WEIGHT * grid / stylised.detach().var()
