"""What a measure must not be won by: the same film blurred, and frozen."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

BLUR = 5
"""Side in pixels of the square that the blurred film is the mean over."""


class Decoys:
    """The twins of one film, made as its frames come."""

    names = ("blurred", "frozen")

    def __init__(self) -> None:
        self._held: Tensor | None = None

    def of(
        self,
        picture: Tensor,  # [3, H, W] float32 in [0, 1]
        starts_shot: bool,
    ) -> list[Tensor]:
        """Return the frame blurred, and the frame that began its shot, in the order of `names`."""
        if starts_shot or self._held is None:
            self._held = picture
        blurred = F.avg_pool2d(picture, BLUR, stride=1, padding=BLUR // 2, count_include_pad=False)
        return [blurred, self._held]
