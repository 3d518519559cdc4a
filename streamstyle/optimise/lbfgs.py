"""L-BFGS (Nocedal & Wright 2006, algorithm 7.4) with an optional estimate of the initial inverse Hessian.

There are two implementations of the same decisions: one reads losses on the host, the other keeps everything on the
device, so that a GPU is not waited for and a CUDA graph can capture a step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

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
) -> tuple[Tensor, Tensor]:
    """Return the best point found in `iterations` evaluations, the first of them at `start`, and its losses.

    Ends early if a step lowers the loss by less than `tolerance` times the loss, or if rounding prevents any descent.
    Without an inverse Hessian, a multiple of the identity is used, for which the first step is small. A step that does
    not lower the loss is undone and shortened. Reads numbers from the device several times per iteration.

    The inverse Hessian is what makes few iterations sufficient: if part of the objective is quadratic with a known
    matrix, every step is that part's own.
    """
    point, step_size = start, 1.0
    losses, gradient = evaluate(point)
    loss = losses.sum()
    inverse_hessian = _multiple_of_identity(gradient) if inverse_hessian is None else inverse_hessian
    steps: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)
    direction = -inverse_hessian(gradient)
    for _ in range(iterations - 1):
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
        product = float(_dot(s, y))
        if product > 0:
            steps.append((s, y, product))
        converged = loss - candidate_loss < tolerance * loss
        point, losses, loss, gradient = candidate, candidate_losses, candidate_loss, candidate_gradient
        step_size = 1.0
        if converged:
            break
        direction = _two_loop(gradient, steps, inverse_hessian)
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
    ) -> None:
        self.point = torch.zeros_like(like, memory_format=torch.contiguous_format)
        """The best point found."""
        self.losses = like.new_zeros(loss_count)
        """[L]: its losses."""
        self.converged = torch.zeros((), dtype=torch.bool, device=like.device)
        """Scalar bool: whether a step gained less than the tolerance, or none can. Then `step` changes nothing."""
        self._evaluate, self._inverse_hessian = evaluate, inverse_hessian
        self._tolerance, self._history = tolerance, history
        self._candidate, self._gradient, self._direction = (torch.zeros_like(self.point) for _ in range(3))
        self._loss, self._step_size = like.new_zeros(()), like.new_zeros(())
        # A step that is not to be remembered is written to an extra row, which is never read.
        self._s, self._y = (like.new_zeros(history + 1, like.numel()) for _ in range(2))
        self._products = like.new_zeros(history + 1)
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
        self.converged.logical_or_(better & (self._loss - loss < self._tolerance * self._loss))
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
        torch.addcmul(self.point, self._direction, self._step_size, out=self._candidate)

    def _update_history(self, better: Tensor, gradient: Tensor) -> None:
        s, y = (self._candidate - self.point).flatten(), (gradient - self._gradient).flatten()
        product = torch.dot(s, y)
        remember = better & (product > 0)
        row = (self._stored % self._history).masked_fill(~remember, self._history)
        self._s.index_copy_(0, row, s[None])
        self._y.index_copy_(0, row, y[None])
        self._products.index_copy_(0, row, product[None])
        self._stored.add_(remember)

    def _two_loop(self) -> Tensor:
        """Return the descent direction, as the function `_two_loop` does."""
        age = torch.arange(self._history, device=self.point.device)
        rows = (self._stored - 1 - age) % self._history
        s, y = self._s.index_select(0, rows), self._y.index_select(0, rows)
        # Rows that are not filled yet get an infinite product, so that they contribute nothing.
        products = self._products.index_select(0, rows).masked_fill_(age >= self._stored, torch.inf)
        remaining = self._gradient.flatten()
        alphas = torch.zeros_like(products)
        for i in range(self._history):
            alphas[i] = torch.dot(s[i], remaining) / products[i]
            remaining = torch.addcmul(remaining, y[i], alphas[i], value=-1)
        remaining = self._inverse_hessian(remaining.view_as(self.point)).flatten()
        scale = products[0] / _dot(y[0], self._inverse_hessian(y[0].view_as(self.point)))
        remaining.mul_(scale.masked_fill(self._stored[0] == 0, 1.0))
        for i in reversed(range(self._history)):
            coefficient = alphas[i] - torch.dot(y[i], remaining) / products[i]
            remaining.addcmul_(s[i], coefficient)
        return remaining.neg_().view_as(self.point)


def _multiple_of_identity(gradient: Tensor) -> InverseHessian:
    """Return the multiple for which the first step has the size `FIRST_STEP`."""
    smallest = torch.finfo(gradient.dtype).tiny
    curvature = gradient.square().mean().sqrt().div(FIRST_STEP).clamp_min(smallest)
    return lambda gradient: gradient / curvature


def _two_loop(gradient: Tensor, steps: deque[tuple[Tensor, Tensor, float]], inverse_hessian: InverseHessian) -> Tensor:
    """Return minus the estimate of the inverse Hessian times the gradient, by the two-loop recursion."""
    remaining = gradient.clone()
    alphas: list[float] = []
    for s, y, product in reversed(steps):
        alpha = float(_dot(s, remaining)) / product
        remaining.sub_(y, alpha=alpha)
        alphas.append(alpha)
    remaining = inverse_hessian(remaining)
    if steps:
        s, y, product = steps[-1]
        remaining.mul_(product / float(_dot(y, inverse_hessian(y))))
    for (s, y, product), alpha in zip(steps, reversed(alphas), strict=True):
        remaining.add_(s, alpha=alpha - float(_dot(y, remaining)) / product)
    return remaining.neg_()


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return torch.dot(a.flatten(), b.flatten())
