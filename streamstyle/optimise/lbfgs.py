"""L-BFGS (Nocedal & Wright 2006, algorithm 7.4) with an optional estimate of the initial inverse Hessian.

There are two implementations of the same decisions: one reads losses on the host, the other keeps everything on the
device, so that a GPU is not waited for and a CUDA graph can capture a step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

from streamstyle.optimise.blocks import WHOLE, Blocks

HISTORY = 4
"""Steps remembered. Ten ended a thousandth lower on a frame of Big Buck Bunny, and each costs time."""

BACKTRACK = 0.25
"""Factor on the step size after a step that did not lower the loss."""

RESET_STEP = 1e-2
"""Step size below which the history is taken to be misleading and is cleared."""

MIN_STEP = 1e-6
"""Step size below which even steepest descent does not lower the loss: only rounding errors are left."""

FIRST_STEP = 0.005
"""Root mean square of the first step without an estimate of the Hessian: about one of 255 levels."""

CHECK_EVERY = 4
"""Evaluations on a device between checks for convergence, for each of which the host waits."""

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Point → losses of any shape, whose sum is minimised, and the gradient of the sum."""

InverseHessian = Callable[[Tensor], Tensor]
"""Gradient → an estimate of the inverse Hessian times it, a new tensor: linear, symmetric and positive definite."""

_Step = tuple[Tensor, Tensor, Tensor]
"""Change s of the point, change y of the gradient, and their product in each block."""


def minimise(
    evaluate: Evaluate,  # losses have shape [L]
    start: Tensor,  # any shape, float32
    inverse_hessian: InverseHessian | None,
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
) -> tuple[Tensor, Tensor]:
    """Return the best point found, and its losses: `minimise_on_device` for a GPU, otherwise `minimise_on_host`."""
    if not start.is_cuda:
        return minimise_on_host(evaluate, start, inverse_hessian, iterations, tolerance, history)
    return minimise_on_device(evaluate, start, inverse_hessian, iterations, tolerance, history)


def minimise_on_host(
    evaluate: Evaluate,
    start: Tensor,  # any shape, float32
    inverse_hessian: InverseHessian | None,
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
    blocks: Blocks = WHOLE,  # parts of a point, each with its own curvature
) -> tuple[Tensor, Tensor]:
    """Return the point found in `iterations` evaluations, the first of them at `start`, and its losses.

    Ends early where the estimate of the curvature promises that the next step lowers the loss by less than `tolerance`
    times the loss: that step is made, but not evaluated, so the losses are those of the point before it. Ends, too, if
    rounding prevents any descent. Without an inverse Hessian, a multiple of the identity is used,
    for which the first step is small. A step that does not lower the loss is undone and shortened. Reads numbers from
    the device several times per iteration.

    The inverse Hessian is what makes few iterations sufficient: if part of the objective is quadratic with a known
    matrix, every step is that part's own.
    """
    point, step_size = start, 1.0
    losses, gradient = evaluate(point)
    loss = losses.sum()
    inverse_hessian = _multiple_of_identity(gradient) if inverse_hessian is None else inverse_hessian
    steps: deque[_Step] = deque(maxlen=history)
    direction = -inverse_hessian(gradient)
    for remaining in reversed(range(iterations)):
        expected = _expected_decrease(gradient, direction)
        if expected < tolerance * loss:
            return point + direction * (expected > 0), losses
        if remaining == 0:
            break
        candidate = torch.add(point, direction, alpha=step_size)
        candidate_losses, candidate_gradient = evaluate(candidate)
        candidate_loss = candidate_losses.sum()
        if not candidate_loss < loss:
            step_size *= BACKTRACK
            if steps and step_size < RESET_STEP:
                steps.clear()
                direction, step_size = -inverse_hessian(gradient), 1.0
            elif step_size < MIN_STEP:
                break
            continue
        s, y = candidate - point, candidate_gradient - gradient
        products = blocks.dot(s, y)
        if products.sum() > 0:
            steps.append((s, y, products))
        point, losses, loss, gradient = candidate, candidate_losses, candidate_loss, candidate_gradient
        direction, step_size = _two_loop(gradient, steps, inverse_hessian, blocks), 1.0
    return point, losses


def minimise_on_device(
    evaluate: Evaluate,
    start: Tensor,  # any shape, float32
    inverse_hessian: InverseHessian | None,
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
) -> tuple[Tensor, Tensor]:
    """Return what `minimise_on_host` does, with few synchronisations and one more evaluation at `start`."""
    losses, gradient = evaluate(start)
    inverse_hessian = _multiple_of_identity(gradient) if inverse_hessian is None else inverse_hessian
    descent = DeviceLBFGS(evaluate, inverse_hessian, start, losses.numel(), tolerance, history)
    descent.reset(start)
    return descent.run(iterations, descent.step)


class DeviceLBFGS:
    """`minimise_on_host` one evaluation at a time, on tensors at fixed addresses.

    `step` passes no number between host and device, so that the host can run ahead and a CUDA graph can capture it.
    Instead of branching, it computes the results of both branches and selects one.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        inverse_hessian: InverseHessian,
        like: Tensor,  # shape, dtype and device of the points
        loss_count: int,  # L, where `evaluate` returns losses of shape [L]
        tolerance: float = 0.0,
        history: int = HISTORY,
        blocks: Blocks = WHOLE,
    ) -> None:
        self.point = torch.zeros_like(like, memory_format=torch.contiguous_format)
        """The best point found, after convergence with the last step, which is not evaluated."""
        self.losses = like.new_zeros(loss_count)
        """[L]: its losses, or those before the last step."""
        self.converged = torch.zeros((), dtype=torch.bool, device=like.device)
        """Scalar bool: whether less than the tolerance is expected of the next step, or none can lower the loss. Then
        `step` changes nothing."""
        self._evaluate, self._inverse_hessian = evaluate, inverse_hessian
        self._tolerance, self._history, self._blocks = tolerance, history, blocks
        self._candidate, self._gradient, self._direction = (torch.zeros_like(self.point) for _ in range(3))
        self._loss, self._step_size = like.new_zeros(()), like.new_zeros(())
        # A step that is not to be remembered is written to an extra row, which is never read.
        self._s, self._y = (like.new_zeros(history + 1, *like.shape) for _ in range(2))
        self._products = like.new_zeros(history + 1, *blocks.dot(self.point, self.point).shape)
        self._stored = torch.zeros(1, dtype=torch.int64, device=like.device)

    def reset(self, start: Tensor) -> None:
        """Start again at `start`, without history."""
        self.point.copy_(start)
        self._candidate.copy_(start)
        self._loss.fill_(torch.inf)
        for each in (self.losses, self.converged, self._gradient, self._direction, self._step_size, self._stored):
            each.zero_()
        for rows in (self._s, self._y):  # a NaN would persist
            rows.zero_()

    def run(self, iterations: int, step: Callable[[], None]) -> tuple[Tensor, Tensor]:
        """Return the best point of at most `iterations` evaluations, and its losses.

        `step` is the method of this name, or the CUDA graph captured from it.
        """
        for evaluations in range(1, iterations + 1):
            step()
            if evaluations % CHECK_EVERY == 0 and bool(self.converged):
                break
        return self.point.clone(), self.losses.clone()

    def step(self) -> None:
        """Evaluate once, and choose the next point to evaluate."""
        losses, gradient = self._evaluate(self._candidate)
        loss = losses.sum()
        better = (loss < self._loss) & ~self.converged
        self._update_history(better, gradient)
        for best, latest in (
            (self.point, self._candidate), (self.losses, losses), (self._loss, loss), (self._gradient, gradient),
        ):  # fmt: skip
            torch.where(better, latest, best, out=best)
        shorter_step = BACKTRACK * self._step_size
        reset = ~better & (self._stored[0] > 0) & (shorter_step < RESET_STEP)
        self.converged.logical_or_(~better & ~reset & (shorter_step < MIN_STEP))
        self._stored.mul_(~reset)
        self._step_size.copy_(shorter_step.masked_fill(better | reset, 1.0))
        torch.where(better | reset, self._two_loop(), self._direction, out=self._direction)
        expected = _expected_decrease(self._gradient, self._direction)
        is_last = (expected < self._tolerance * self._loss) & ~self.converged
        torch.where(is_last & (expected > 0), self.point + self._direction, self.point, out=self.point)
        self.converged.logical_or_(is_last)
        torch.addcmul(self.point, self._direction, self._step_size, out=self._candidate)

    def _update_history(self, better: Tensor, gradient: Tensor) -> None:
        s, y = self._candidate - self.point, gradient - self._gradient
        products = self._blocks.dot(s, y)
        remember = better & (products.sum() > 0)
        row = (self._stored % self._history).masked_fill(~remember, self._history)
        self._s.index_copy_(0, row, s[None])
        self._y.index_copy_(0, row, y[None])
        self._products.index_copy_(0, row, products[None])
        self._stored.add_(remember)

    def _two_loop(self) -> Tensor:
        """Return the descent direction, as the function `_two_loop` does."""
        blocks, inverse_hessian = self._blocks, self._inverse_hessian
        age = torch.arange(self._history, device=self.point.device)
        rows = (self._stored - 1 - age) % self._history
        s, y, products = (each.index_select(0, rows) for each in (self._s, self._y, self._products))
        # Rows that are not filled yet get an infinite product, so that they contribute nothing.
        unfilled = (age >= self._stored).view(-1, *[1] * (products.ndim - 1))
        trusted = blocks.trusted(products).masked_fill_(unfilled, torch.inf)
        remaining = self._gradient.clone()
        alphas = torch.zeros_like(products)
        for i in range(self._history):
            alphas[i] = blocks.dot(s[i], remaining) / trusted[i]
            remaining.addcmul_(y[i], blocks.spread(alphas[i], remaining), value=-1)
        scale = blocks.scale(products[0], blocks.dot(y[0], inverse_hessian(y[0])), remaining)
        scale = scale.masked_fill(self._stored[0] == 0, 1.0)
        remaining = inverse_hessian(remaining.mul_(scale)).mul_(scale)
        for i in reversed(range(self._history)):
            coefficient = alphas[i] - blocks.dot(y[i], remaining) / trusted[i]
            remaining.addcmul_(s[i], blocks.spread(coefficient, remaining))
        return remaining.neg_()


def _multiple_of_identity(gradient: Tensor) -> InverseHessian:
    """Return the multiple for which the first step has the size `FIRST_STEP`."""
    smallest = torch.finfo(gradient.dtype).tiny
    curvature = gradient.square().mean().sqrt().div(FIRST_STEP).clamp_min(smallest)
    return lambda gradient: gradient / curvature


def _two_loop(gradient: Tensor, steps: deque[_Step], inverse_hessian: InverseHessian, blocks: Blocks) -> Tensor:
    """Return minus the estimate of the inverse Hessian times the gradient, by the two-loop recursion."""
    if not steps:
        return inverse_hessian(gradient).neg_()
    remaining = gradient.clone()
    coefficients: list[tuple[Tensor, Tensor]] = []
    for s, y, products in reversed(steps):
        trusted = blocks.trusted(products)
        alpha = blocks.dot(s, remaining) / trusted
        remaining.addcmul_(y, blocks.spread(alpha, y), value=-1)
        coefficients.append((alpha, trusted))
    _, y, products = steps[-1]
    scale = blocks.scale(products, blocks.dot(y, inverse_hessian(y)), y)
    remaining = inverse_hessian(remaining.mul_(scale)).mul_(scale)
    for (s, y, _), (alpha, trusted) in zip(steps, reversed(coefficients), strict=True):
        beta = blocks.dot(y, remaining) / trusted
        remaining.addcmul_(s, blocks.spread(alpha - beta, s))
    return remaining.neg_()


def _expected_decrease(gradient: Tensor, direction: Tensor) -> Tensor:
    """Return by how much a whole step lowers a quadratic function with the estimated curvature: -g · d / 2."""
    return -0.5 * torch.dot(gradient.flatten(), direction.flatten())
