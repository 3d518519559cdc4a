"""Between pictures as they are stored and pictures as they are computed with."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_tensor(
    image: NDArray[np.uint8],  # [H, W, 3] RGB, full range
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the picture as [3, H, W] float32 in [0, 1] on `device`."""
    return (
        torch.from_numpy(image).to(device).permute(2, 0, 1).to(torch.float32, memory_format=torch.contiguous_format)
        / 255
    )


def to_uint8(
    image: Tensor,  # [3, H, W] float in [0, 1]; what lies outside is clipped
) -> NDArray[np.uint8]:
    """Return the picture as [H, W, 3] uint8 RGB, rounded to nearest."""
    scaled = image.detach().mul(255).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())
