"""Images as uint8 arrays and as float tensors, and filters on the latter."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.ops.luma import BT601

LEVELS_SQUARED = 255.0**2
"""Factor from squared differences in [0, 1] to squared differences in 0..255 units."""


def to_tensor(
    image: NDArray[np.uint8] | NDArray[np.uint16],  # [H, W, 3] RGB, full range
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the image as [3, H, W] float32 in [0, 1] on `device`."""
    return from_levels(torch.from_numpy(image).to(device))


def from_levels(
    image: Tensor,  # [H, W, 3] uint8 or uint16 RGB, full range
) -> Tensor:
    """Return the image as [3, H, W] float32 in [0, 1] on its device."""
    levels = image.permute(2, 0, 1).to(torch.float32, memory_format=torch.contiguous_format)
    return levels / (65535 if image.dtype == torch.uint16 else 255)


def to_numpy(
    image: Tensor,  # [3, H, W] float in [0, 1]; other values are clipped
) -> NDArray[np.uint8]:
    """Return the image as [H, W, 3] uint8 RGB, rounded to nearest."""
    return to_uint8(image).cpu().numpy()


def to_uint8(
    image: Tensor,  # [3, H, W] float in [0, 1]; other values are clipped
) -> Tensor:
    """Return the image as [H, W, 3] uint8 RGB on its device, rounded to nearest."""
    return image.detach().mul(255).round_().clamp_(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()


def preserve_colour(
    image: Tensor,  # [3, H, W] float in [0, 1]
    stylised: Tensor,  # [3, H, W] float in [0, 1]
) -> Tensor:  # [3, H, W] float in [0, 1]
    """Return the luma of `stylised` with the chroma of `image` (Gatys et al. 2017, luminance-only transfer)."""
    red, green, blue = stylised - image
    change: Tensor = BT601.red * red + BT601.green * green + BT601.blue * blue
    return (image + change).clamp(0, 1)


FAINT_DIFFERENCE = 5 / 255
"""Difference from the surroundings that is halved; 1/255 is reduced to a twenty-fifth, 20/255 hardly at all."""


FAINT_RADIUS = 2
"""Blocks of 4x4 pixels around a pixel's own that its surroundings are averaged over."""


def suppress_faint_detail(
    image: Tensor,  # [N, 3, H, W] float in [0, 1], H and W multiples of 4
) -> Tensor:  # the same
    """Return the image with faint differences from the mean of about twenty pixels around reduced.

    A style network draws strokes everywhere; in flat areas it amplifies the blocks of a codec, which differ by a level
    or two, unless they are removed first. The rule is that of a Wiener filter, d³ / (d² + FAINT_DIFFERENCE²) for a
    difference d.
    """
    relative = image - image[..., :1, :1]  # a flat image becomes exactly 0, so that it is returned unchanged
    padded = F.pad(F.avg_pool2d(relative, 4), [FAINT_RADIUS] * 4, mode="replicate")
    small = F.avg_pool2d(padded, 2 * FAINT_RADIUS + 1, 1)
    difference = relative.sub_(F.interpolate(small, scale_factor=4.0, mode="bilinear", align_corners=False))
    share = torch.addcmul(image.new_ones(()), difference, difference, value=FAINT_DIFFERENCE**-2)
    return torch.addcdiv(image, difference, share, value=-1)
