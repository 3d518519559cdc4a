"""What the style losses compare."""

from __future__ import annotations

import torch
from torch import Tensor


def gram_matrix(
    features: Tensor,  # [N, C, H, W]
) -> Tensor:  # [N, C, C] float32
    """Return F Fᵀ / (C·H·W), the correlations of channels (Gatys et al. 2016; scaled as in Johnson et al. 2016)."""
    _, channels, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    # One product a picture: a batched one would copy its transposed side first.
    return torch.stack([(places.T @ places).float() for places in rows]) / (channels * height * width)
