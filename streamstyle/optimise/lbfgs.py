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


CHECK_EVERY = 4
"""Evaluations between the host's looks at whether it is done: each is a wait for the device."""


def minimise(
    evaluate: Evaluate,  # to losses of shape [L]
    start: Tensor,
    curvature: Tensor | None,
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
) -> tuple[Tensor, Tensor]:
    """Return what `lbfgs.minimise` does; on a GPU without waiting for it at every step."""
    if not start.is_cuda:
        return minimise_on_host(evaluate, start, curvature, iterations, tolerance, history)
    return minimise_on_device(evaluate, start, curvature, iterations, tolerance, history)


def minimise_on_device(
    evaluate: Evaluate,
    start: Tensor,
    curvature: Tensor | None,
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
) -> tuple[Tensor, Tensor]:
    """Return what `descend` does on a GPU, on any device. Without a curvature it looks at the start once more."""
    losses, gradient = evaluate(start)
    descent = DeviceLBFGS(evaluate, start, losses.numel(), tolerance, history)
    descent.reset(start, initial_diagonal(gradient) if curvature is None else curvature)
    return descent.run(iterations, descent.step)


class DeviceLBFGS:
    """What `lbfgs.minimise` does, an evaluation at a time, in tensors that stay where they are.

    In `advance` the host neither reads a number nor sends one, so it can run ahead of the device, and a graph can hold
    all of it. Where `minimise` would go another way, both ways are taken and one is kept.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        like: Tensor,  # of the shape, type and device of the points
        loss_count: int,  # how many `evaluate` returns, [losses]
        tolerance: float = 0.0,
        history: int = HISTORY,
    ) -> None:
        self.point = torch.zeros_like(like, memory_format=torch.contiguous_format)
        """The best point so far."""
        self.losses = like.new_zeros(loss_count)
        """Its losses."""
        self.converged = torch.zeros((), dtype=torch.bool, device=like.device)
        """Whether a step has gained less than the tolerance, or none can: nothing changes any more."""
        self._evaluate, self._tolerance, self._history = evaluate, tolerance, history
        self._candidate, self._gradient, self._direction, self._curvature = (
            torch.zeros_like(self.point) for _ in range(4)
        )
        self._loss, self._step_size = like.new_zeros(()), like.new_zeros(())
        # A step that is not to be remembered goes into a row of its own, which nobody reads.
        self._s, self._y = (like.new_zeros(history + 1, like.numel()) for _ in range(2))
        self._products = like.new_zeros(history + 1)
        self._stored = torch.zeros(1, dtype=torch.int64, device=like.device)

    def reset(self, start: Tensor, curvature: Tensor) -> None:
        """Forget everything; the next evaluation is at `start`. For the curvature see `minimise`."""
        self.point.copy_(start)
        self._candidate.copy_(start)
        self._curvature.copy_(curvature.expand_as(start))
        self._loss.fill_(torch.inf)
        for each in (self.losses, self.converged, self._gradient, self._direction, self._step_size, self._stored):
            each.zero_()
        for rows in (self._s, self._y):  # what is not a number would outlive its frame
            rows.zero_()

    def run(self, iterations: int, step: Callable[[], None]) -> tuple[Tensor, Tensor]:
        """Return the best of so many evaluations, or fewer where nothing is left to gain, and its losses.

        `advance` is the method of this name, or what it was recorded as.
        """
        for evaluated in range(1, iterations + 1):
            step()
            if evaluated % CHECK_EVERY == 0 and bool(self.converged):
                break
        return self.point.clone(), self.losses.clone()

    def step(self) -> None:
        """Evaluate once, and decide where to evaluate next."""
        losses, gradient = self._evaluate(self._candidate)
        loss = losses.sum()
        better = (loss < self._loss) & ~self.converged
        self.converged.logical_or_(better & (self._loss - loss < self._tolerance * self._loss))
        self._update_history(better, gradient)
        for kept, found in (
            (self.point, self._candidate), (self.losses, losses), (self._loss, loss), (self._gradient, gradient),
        ):  # fmt: skip
            torch.where(better, found, kept, out=kept)
        shorter_step = BACKTRACK * self._step_size
        misled = ~better & (self._stored[0] > 0) & (shorter_step < RESET_STEP)
        self.converged.logical_or_(~better & ~misled & (shorter_step < MIN_STEP))
        self._stored.mul_(~misled)
        self._step_size.copy_(shorter_step.masked_fill(better | misled, 1.0))
        torch.where(better | misled, self._two_loop(), self._direction, out=self._direction)
        torch.addcmul(self.point, self._direction, self._step_size, out=self._candidate)

    def _update_history(self, better: Tensor, gradient: Tensor) -> None:
        s, y = (self._candidate - self.point).flatten(), (gradient - self._gradient).flatten()
        product = torch.dot(s, y)
        kept = better & (product > 0)
        row = (self._stored % self._history).masked_fill(~kept, self._history)
        self._s.index_copy_(0, row, s[None])
        self._y.index_copy_(0, row, y[None])
        self._products.index_copy_(0, row, product[None])
        self._stored.add_(kept)

    def _two_loop(self) -> Tensor:
        """Return minus the inverse Hessian, as the steps so far tell it, times the gradient."""
        latest = torch.arange(self._history, device=self.point.device)
        rows = (self._stored - 1 - latest) % self._history
        s, y = self._s.index_select(0, rows), self._y.index_select(0, rows)
        # A row not filled yet has an infinite product: its share is nothing.
        products = self._products.index_select(0, rows).masked_fill_(latest >= self._stored, torch.inf)
        curvature, remaining = self._curvature.flatten(), self._gradient.flatten()
        alphas = torch.zeros_like(products)
        for each in range(self._history):
            alphas[each] = torch.dot(s[each], remaining) / products[each]
            remaining = torch.addcmul(remaining, y[each], alphas[each], value=-1)
        remaining = remaining / curvature
        scale = products[0] / torch.dot(y[0], y[0] / curvature)
        remaining.mul_(scale.masked_fill(self._stored[0] == 0, 1.0))
        for each in reversed(range(self._history)):
            share = alphas[each] - torch.dot(y[each], remaining) / products[each]
            remaining.addcmul_(s[each], share)
        return remaining.neg_().view_as(self.point)
