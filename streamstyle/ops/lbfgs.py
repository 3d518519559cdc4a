"""L-BFGS (Nocedal & Wright 2006, algorithm 7.4) that can start from a known curvature instead of a multiple of one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

HISTORY = 4
"""Steps remembered. Ten ended a thousandth lower on a frame of Big Buck Bunny, and each costs time."""

BACKTRACK = 0.25
"""Factor on a step that went uphill."""

RESET_STEP = 1e-2
"""Step below which the remembered steps are thought to mislead, and are forgotten."""

MIN_STEP = 1e-6
"""Step below which not even straight downhill is down: what is left is rounding."""

FIRST_STEP = 0.005
"""Root mean square of the first step where no curvature is known: about one of 255 levels."""


Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From a point to its losses, of any shape, whose sum is to be small, and to the gradient of this sum."""


def minimise_on_host(
    evaluate: Evaluate,
    start: Tensor,  # any shape, float32
    curvature: Tensor | None,  # broadcasts to start: positive estimate of the Hessian's diagonal
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
) -> tuple[Tensor, Tensor]:
    """Return the best point found in `iterations` evaluations, the first of them at `start`, and its losses.

    It is done earlier once a step lowers the loss by less than `tolerance` times the loss, or where rounding leaves no
    way down. Without a curvature it starts from a multiple of one, by which the first step is small. It reads numbers
    several times an iteration, which on a GPU is waiting: there `device_lbfgs.descend` does the same without.

    The estimate of the curvature is what makes few iterations enough: where part of the objective is quadratic with a
    known diagonal, every step is scaled by it. A step that does not go downhill is taken back and shortened.
    """
    point, step = start, 1.0
    losses, gradient = evaluate(point)
    loss = losses.sum()
    curvature = initial_diagonal(gradient) if curvature is None else curvature
    steps: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)
    direction = -gradient / curvature
    for _ in range(iterations - 1):
        candidate = torch.add(point, direction, alpha=step)
        candidate_losses, candidate_gradient = evaluate(candidate)
        candidate_loss = candidate_losses.sum()
        if not candidate_loss < loss:
            step *= BACKTRACK
            if steps and step < RESET_STEP:
                steps.clear()
                direction, step = -gradient / curvature, 1.0
            elif step < MIN_STEP:
                break
            continue
        s, y = candidate - point, candidate_gradient - gradient
        product = float(_dot(s, y))
        if product > 0:
            steps.append((s, y, product))
        converged = loss - candidate_loss < tolerance * loss
        point, losses, loss, gradient, step = candidate, candidate_losses, candidate_loss, candidate_gradient, 1.0
        if converged:
            break
        direction = _two_loop(gradient, steps, curvature)
    return point, losses


def initial_diagonal(gradient: Tensor) -> Tensor:
    """Return the curvature, the same everywhere, by which the first step has the size of `FIRST_STEP`."""
    smallest = torch.finfo(gradient.dtype).tiny
    return gradient.square().mean().sqrt().div(FIRST_STEP).clamp_min(smallest)


def _two_loop(gradient: Tensor, steps: deque[tuple[Tensor, Tensor, float]], curvature: Tensor) -> Tensor:
    """Return minus the inverse Hessian, as the steps so far tell it, times the gradient."""
    remaining = gradient.clone()
    alphas: list[float] = []
    for s, y, product in reversed(steps):
        alpha = float(_dot(s, remaining)) / product
        remaining.sub_(y, alpha=alpha)
        alphas.append(alpha)
    remaining.div_(curvature)
    if steps:
        s, y, product = steps[-1]
        remaining.mul_(product / float(_dot(y, y / curvature)))
    for (s, y, product), alpha in zip(steps, reversed(alphas), strict=True):
        remaining.add_(s, alpha=alpha - float(_dot(y, remaining)) / product)
    return remaining.neg_()


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return torch.dot(a.flatten(), b.flatten())
