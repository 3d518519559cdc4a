"""Between pictures as they are stored and pictures as they are computed with."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.ops.luma import BT601

LEVELS_SQUARED = 255.0**2
"""Squared differences in 0..255 units per squared difference in [0, 1]."""


def to_tensor(
    image: NDArray[np.uint8],  # [H, W, 3] RGB, full range
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the picture as [3, H, W] float32 in [0, 1] on `device`."""
    return from_uint8(torch.from_numpy(image).to(device))


def from_uint8(
    image: Tensor,  # [H, W, 3] uint8 RGB, full range
) -> Tensor:
    """Return the picture as [3, H, W] float32 in [0, 1]."""
    return image.permute(2, 0, 1).to(torch.float32, memory_format=torch.contiguous_format) / 255


def to_numpy(
    image: Tensor,  # [3, H, W] float in [0, 1]; what lies outside is clipped
) -> NDArray[np.uint8]:
    """Return the picture as [H, W, 3] uint8 RGB, rounded to nearest."""
    return to_uint8(image).cpu().numpy()


def to_uint8(
    image: Tensor,  # [3, H, W] float in [0, 1]; what lies outside is clipped
) -> Tensor:
    """Return the picture as [H, W, 3] uint8 RGB where it is, rounded to nearest."""
    return image.detach().mul(255).round_().clamp_(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()


def preserve_colour(
    image: Tensor,  # [3, H, W] float in [0, 1]
    stylised: Tensor,  # [3, H, W] float in [0, 1]
) -> Tensor:  # [3, H, W] float in [0, 1]
    """Return the brightness of the painting in the colours of the picture (Gatys et al. 2017, luminance only)."""
    red, green, blue = stylised - image
    change: Tensor = BT601.red * red + BT601.green * green + BT601.blue * blue
    return (image + change).clamp(0, 1)


FAINT_DIFFERENCE = 5 / 255
"""Difference from the surroundings of which half is left; of one level a twenty-fifth is, of twenty nearly all."""


def suppress_faint_detail(
    image: Tensor,  # [N, 3, H, W] float in [0, 1], H and W multiples of 4
) -> Tensor:  # the same
    """Return the picture with small differences from the mean of some twenty pixels around made smaller.

    A style network is made to find strokes everywhere. Where there is nothing it finds the blocks of a codec, which are
    a level or two high, and paints those; what it is not shown it does not paint. The rule is that of a Wiener filter,
    d³ / (d² + FAINT²) for a difference d.
    """
    relative = image - image[..., :1, :1]  # an even picture becomes 0, with which no rounding is added to it
    small = F.avg_pool2d(F.pad(F.avg_pool2d(relative, 4), (2, 2, 2, 2), mode="replicate"), 5, 1)
    difference = relative.sub_(F.interpolate(small, scale_factor=4.0, mode="bilinear", align_corners=False))
    share = torch.addcmul(image.new_ones(()), difference, difference, value=FAINT_DIFFERENCE**-2)
    return torch.addcdiv(image, difference, share, value=-1)
