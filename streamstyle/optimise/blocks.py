"""Scalar products of images block by block, for an estimate of the curvature that differs from place to place.

The loss network's losses are nearly a sum of losses of small parts of the image, whose curvatures differ several times.
A step (s, y) of L-BFGS, cut into blocks, is one in every block: a pair of its own, of the s and y of one block and 0
elsewhere. Updates by pairs without a common pixel commute, so they are made at once, and the estimate remains symmetric
and positive definite.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.ops.filters import enlarge_means, smooth_blocks

_FAINT_PRODUCT = 1e-4
"""Share of the mean of all blocks below which the product of s and y is rounding, or of negative curvature."""

_COMMON_SHARE = 0.1
"""Share of the mean of all blocks in the curvature of one, of which little may be known."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """A division of images, [C, H, W], into squares; at the right and lower edges they may be cut."""

    side: int | None = None
    """Pixels. None: one block, a tensor of any shape."""

    def dot(self, a: Tensor, b: Tensor) -> Tensor:  # [H/side, W/side], rounded up; [] of one block
        """Return the scalar product of each block."""
        if self.side is None:
            return torch.dot(a.flatten(), b.flatten())
        return F.avg_pool2d((a * b).sum(0)[None], self.side, ceil_mode=True, divisor_override=1)[0]

    def spread(
        self,
        values: Tensor,  # one a block
        like: Tensor,  # a point
    ) -> Tensor:  # [H, W]; [] of one block
        """Return the value of its block at each pixel."""
        if self.side is None:
            return values
        (rows, columns), (height, width) = values.shape, like.shape[-2:]
        whole = values[:, None, :, None].expand(rows, self.side, columns, self.side)
        return whole.reshape(rows * self.side, columns * self.side)[:height, :width]

    def trusted(
        self,
        products: Tensor,  # [..., h, w], or [...] of one block: of s and y
    ) -> Tensor:  # the same
        """Return the products to divide by, infinite where the curvature is unknown or not positive."""
        mean = products if self.side is None else products.mean((-2, -1), keepdim=True)
        return products.masked_fill((products <= _FAINT_PRODUCT * mean) | (products <= 0), torch.inf)

    def scale(
        self,
        products: Tensor,  # one a block: of s and y
        preconditioned: Tensor,  # one a block: of y and the estimate of the inverse Hessian times y
        like: Tensor,  # a point
    ) -> Tensor:  # [H, W]; [] of one block
        """Return the square root of what the estimate has to be multiplied by, smoothly from block to block."""
        if self.side is None:
            return (products / preconditioned).sqrt()
        numerator, denominator = (
            smooth_blocks(each.clamp_min(0)[None]) + _COMMON_SHARE * each.mean() for each in (products, preconditioned)
        )
        height, width = like.shape[-2:]
        return enlarge_means((numerator / denominator).sqrt(), height, width, self.side)[0]


WHOLE = Blocks()
"""One block, as in textbooks."""
