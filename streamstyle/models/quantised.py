"""Weights in 8 bits: integers, and one scale for each output channel of a layer."""

from __future__ import annotations

import torch
from torch import Tensor

SCALE_SUFFIX = ".scale"
"""The scales of the int8 tensor NAME are the tensor NAME.scale of the file."""


def quantise(
    weight: Tensor,  # [O, ...] float
) -> tuple[Tensor, Tensor]:  # [O, ...] int8, [O] float32
    """Return the weights as integers in -127..127, and the scale of each output channel."""
    rows = weight.float().flatten(1)
    scale = rows.abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny) / 127
    return (rows / scale[:, None]).round().to(torch.int8).view(weight.shape), scale


def dequantise(
    integers: Tensor,  # [O, ...] int8
    scale: Tensor,  # [O] float
) -> Tensor:  # [O, ...] float32
    """Return the weights that `quantise` rounded."""
    return integers.float() * scale.float().view(-1, *[1] * (integers.ndim - 1))
