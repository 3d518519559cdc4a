"""What the style losses compare."""

from __future__ import annotations

from torch import Tensor


def gram_matrix(
    features: Tensor,  # [N, C, H, W]
) -> Tensor:  # [N, C, C] float32
    """Return F Fᵀ / (C·H·W), the correlations of channels (Gatys et al. 2016, eq. 3; scaled as in Johnson et al. 2016)."""
    n, channels, height, width = features.shape
    flat = features.permute(0, 2, 3, 1).reshape(n, height * width, channels)
    return (flat.transpose(1, 2) @ flat).float() / (channels * height * width)
