"""The screened Poisson equation: a quadratic objective of pixels and of differences between neighbours.

    weight x + smoothness sum over neighbours (x - neighbour) = right side

It is solved approximately, always by the same polynomial of the equation's matrix, so that the result is linear in the
right side, with a matrix that is symmetric and positive definite: what a preconditioner has to be.
"""

from __future__ import annotations

import torch
from torch import Tensor

from streamstyle.gpu.dispatch import find_kernels

STEPS = 6
"""With twelve, L-BFGS needs as many evaluations; with four, one more."""

_LOWEST, _HIGHEST = 0.04, 2.0
"""Eigenvalues of the matrix over its diagonal. None is larger; smaller ones are solved less well: these belong to
differences over many pixels where the weight is far below the smoothness."""


def solve_screened_poisson(
    right_side: Tensor,  # [3, H, W] float32
    weight: Tensor,  # [H, W] float32, not negative
    smoothness: float,
) -> Tensor:  # [3, H, W]
    """Return an approximate solution by Chebyshev's iteration (Saad 2003, algorithm 12.1) of `STEPS` steps.

    Outside the image a neighbour repeats the pixel.
    """
    centre, radius = (_HIGHEST + _LOWEST) / 2, (_HIGHEST - _LOWEST) / 2
    ratio = centre / radius
    step = right_side / ((weight + 4 * smoothness) * centre)
    estimate, factor = step, 1 / ratio
    for _ in range(STEPS):
        following = 1 / (2 * ratio - factor)
        numbers = smoothness, following * factor, 2 * following / radius
        estimate, step = chebyshev_step(right_side, estimate, step, weight, *numbers)
        factor = following
    return estimate


def chebyshev_step(
    right_side: Tensor,  # [3, H, W] float32
    estimate: Tensor,  # [3, H, W] float32
    step: Tensor,  # [3, H, W] float32: from the estimate before
    weight: Tensor,  # [H, W] float32
    smoothness: float,
    step_factor: float,
    residual_factor: float,
) -> tuple[Tensor, Tensor]:  # [3, H, W] both
    """Return the next estimate, and its step: of this step and the residual over the diagonal, times the factors."""
    if kernels := find_kernels(right_side, estimate, step, weight):
        numbers = smoothness, step_factor, residual_factor
        following, next_step = kernels.run("screened_poisson_step", right_side, estimate, step, weight, *numbers)
        return following, next_step
    return torch_chebyshev_step(right_side, estimate, step, weight, smoothness, step_factor, residual_factor)


def torch_chebyshev_step(
    right_side: Tensor,
    estimate: Tensor,
    step: Tensor,
    weight: Tensor,
    smoothness: float,
    step_factor: float,
    residual_factor: float,
) -> tuple[Tensor, Tensor]:
    """The torch twin of `chebyshev_step`, and its specification."""
    residual = torch.addcmul(right_side, estimate, weight, value=-1)
    for axis in (1, 2):
        differences = smoothness * estimate.diff(dim=axis)
        size = differences.shape[axis]
        residual.narrow(axis, 0, size).add_(differences)
        residual.narrow(axis, 1, size).sub_(differences)
    next_step = step_factor * step + residual_factor * residual / (weight + 4 * smoothness)
    return estimate + next_step, next_step
