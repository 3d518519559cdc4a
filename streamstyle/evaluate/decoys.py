"""What a measure must not be won by: the same film blurred, and frozen."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

BLUR_SIZE = 5
"""Side in pixels of the square that the blurred film is the mean over."""


class ControlFilms:
    """The twins of one film, made as its frames come."""

    names = ("blurred", "frozen")

    def __init__(self) -> None:
        self._first_of_shot: Tensor | None = None

    def make(
        self,
        picture: Tensor,  # [3, H, W] float32 in [0, 1]
        starts_shot: bool,
    ) -> list[Tensor]:
        """Return the frame blurred, and the frame that began its shot, in the order of `names`."""
        if starts_shot or self._first_of_shot is None:
            self._first_of_shot = picture
        blurred = F.avg_pool2d(picture, BLUR_SIZE, stride=1, padding=BLUR_SIZE // 2, count_include_pad=False)
        return [blurred, self._first_of_shot]
