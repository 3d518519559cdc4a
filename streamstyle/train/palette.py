"""How far the colours of stylised images are from those of the style image."""

from __future__ import annotations

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.media.images import RgbImage

PALETTE_SIDE = 32
"""Images are reduced to this many rows and columns of colours, so that grain and canvas do not count."""

_DIRECTIONS = 16


def palette(
    image: RgbImage,
) -> Tensor:  # [1024, 3] float32 in [0, 1]
    """Return the colours of an image."""
    small = cv2.resize(image, (PALETTE_SIDE, PALETTE_SIDE), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).reshape(-1, 3).float() / 255


def palette_distance(
    images: Tensor,  # [N, 3, H, W] float in [0, 1]
    palettes: Tensor,  # [N, 1024, 3] float in [0, 1]
) -> Tensor:
    """Return the squared sliced Wasserstein distance of the images' colours from the palettes (Bonneel et al. 2015).

    Along random directions in RGB, sorted colours are compared with sorted colours: the distance is 0 where both have
    the same colours in the same proportions.
    """
    directions = F.normalize(torch.randn(3, _DIRECTIONS, device=images.device), dim=0)
    colours = F.adaptive_avg_pool2d(images.float(), PALETTE_SIDE).flatten(2).transpose(1, 2)
    difference = (colours @ directions).sort(1).values - (palettes.to(images.device) @ directions).sort(1).values
    return difference.square().mean()
