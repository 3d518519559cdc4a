"""Fades in the film are fades of the painting."""

from __future__ import annotations

import torch
from torch import Tensor

from streamstyle.ops.filters import block_means

LOW_CONTRAST = 0.08
"""Contrast of an image below which its stylisation fades: standard deviation of the means of 8x8 pixels, in [0, 1]. A
frame in daylight has 0.15 to 0.3, a night scene with a few lights 0.06 to 0.1."""


def fade_with_contrast(
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]
    image: Tensor,  # [3, H, W] float32 in [0, 1]
) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return the stylised image, faded to the image's mean colour in proportion to its lack of contrast.

    Instance norms give every image full contrast: the first faint frame of a fade from black would be as bright as the
    last, and a black frame, of which they normalise the rounding errors, a glaring pattern.
    """
    blocks = block_means(image).flatten(1)
    mean = blocks.mean(1)
    contrast = (blocks - mean[:, None]).square().mean().sqrt()
    return torch.lerp(mean[:, None, None], stylised, (contrast / LOW_CONTRAST).clamp(max=1))
