"""The screened Poisson equation: a quadratic objective of pixels and of differences between neighbours.

    weight x + smoothness sum over neighbours (x - neighbour) = right side

It is solved approximately, always by the same polynomial of the equation's matrix, so that the result is linear in the
right side, with a matrix that is symmetric and positive definite: what a preconditioner has to be.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

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
    if kernels := find_kernels(right_side, weight, name="screened_poisson"):  # all steps at once, within the cache
        return kernels.run("screened_poisson", right_side, weight, torch.tensor(chebyshev_factors()), smoothness)[0]
    return _solve_by_steps(chebyshev_step, right_side, weight, smoothness)


def torch_solve_screened_poisson(right_side: Tensor, weight: Tensor, smoothness: float) -> Tensor:
    """The torch twin of `solve_screened_poisson`, and its specification."""
    return _solve_by_steps(torch_chebyshev_step, right_side, weight, smoothness)


def _solve_by_steps(
    step_once: Callable[..., tuple[Tensor, Tensor]], right_side: Tensor, weight: Tensor, smoothness: float
) -> Tensor:
    (_, first), *following = chebyshev_factors()
    estimate = step = right_side * first / (weight + 4 * smoothness)
    for factors in following:
        estimate, step = step_once(right_side, estimate, step, weight, smoothness, *factors)
    return estimate


@functools.cache
def chebyshev_factors() -> list[tuple[float, float]]:
    """Return by what the last step and the residual are multiplied in each step; the first estimate is the first
    step."""
    centre, radius = (_HIGHEST + _LOWEST) / 2, (_HIGHEST - _LOWEST) / 2
    ratio = centre / radius
    factor, factors = 1 / ratio, [(0.0, 1 / centre)]
    for _ in range(STEPS):
        following = 1 / (2 * ratio - factor)
        factors.append((following * factor, 2 * following / radius))
        factor = following
    return factors


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
    if kernels := find_kernels(right_side, estimate, step, weight, name="screened_poisson_step"):
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
