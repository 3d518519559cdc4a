"""What the style losses compare."""

from __future__ import annotations

import torch
from torch import Tensor

_MAX_PARTS = 128
"""Parts of a sum over all places of a picture on a GPU, at the most: it has about as many processors."""


def gram_matrix(
    features: Tensor,  # [N, C, H, W]
) -> Tensor:  # [N, C, C] float32
    """Return F Fᵀ / (C·H·W), the correlations of channels (Gatys et al. 2016; scaled as in Johnson et al. 2016)."""
    _, channels, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    if features.is_cuda:
        return split_gram(rows) / (channels * height * width)
    # One product a picture: a batched one would copy its transposed side first.
    return torch.stack([(places.T @ places).float() for places in rows]) / (channels * height * width)


def split_gram(
    rows: Tensor,  # [N, P, C]
) -> Tensor:  # [N, C, C] float32
    """Return the product of each transposed matrix with itself.

    It is small, and the sum behind each of its numbers as long as a picture is large: as one product it may be given to
    one of a GPU's processors whole. Parts are rounded each as the rows are, and added up in float32.
    """
    count, places, channels = rows.shape
    most = max(1, min(_MAX_PARTS, places // channels))  # or the parts would be larger than what they are made of
    parts = next(number for number in range(most, 0, -1) if places % number == 0)
    cut = rows.reshape(count * parts, places // parts, channels)
    products = torch.bmm(cut.transpose(1, 2), cut)
    return products.view(count, parts, channels, channels).sum(1, dtype=torch.float32)
