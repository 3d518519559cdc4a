"""Pictures at half their size, as soft as what a painter paints at that size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

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
