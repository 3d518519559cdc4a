"""L-BFGS that never makes the host wait: history, both loops and every decision stay on the device."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from streamstyle.ops.lbfgs import HISTORY, HOPELESS, MISLED, SHORTER, Evaluate, cautious, minimise

LOOK = 4
"""Evaluations between the host's looks at whether it is done: each is a wait for the device."""


def descend(
    evaluate: Evaluate,  # to losses of shape [L]
    start: Tensor,
    curvature: Tensor | None,
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
) -> tuple[Tensor, Tensor]:
    """Return what `lbfgs.minimise` does; on a GPU without waiting for it at every step."""
    if not start.is_cuda:
        return minimise(evaluate, start, curvature, iterations, tolerance, history)
    return descend_on_device(evaluate, start, curvature, iterations, tolerance, history)


def descend_on_device(
    evaluate: Evaluate,
    start: Tensor,
    curvature: Tensor | None,
    iterations: int,
    tolerance: float = 0.0,
    history: int = HISTORY,
) -> tuple[Tensor, Tensor]:
    """Return what `descend` does on a GPU, on any device. Without a curvature it looks at the start once more."""
    losses, gradient = evaluate(start)
    descent = DeviceDescent(evaluate, start, losses.numel(), tolerance, history)
    descent.begin(start, cautious(gradient) if curvature is None else curvature)
    return descent.follow(iterations, descent.advance)


class DeviceDescent:
    """What `lbfgs.minimise` does, an evaluation at a time, in tensors that stay where they are.

    In `advance` the host neither reads a number nor sends one, so it can run ahead of the device, and a graph can hold
    all of it. Where `minimise` would go another way, both ways are taken and one is kept.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        like: Tensor,  # of the shape, type and device of the points
        losses: int,  # how many `evaluate` returns, [losses]
        tolerance: float = 0.0,
        history: int = HISTORY,
    ) -> None:
        self.point = torch.zeros_like(like, memory_format=torch.contiguous_format)
        """The best point so far."""
        self.losses = like.new_zeros(losses)
        """Its losses."""
        self.settled = torch.zeros((), dtype=torch.bool, device=like.device)
        """Whether a step has gained less than the tolerance, or none can: nothing changes any more."""
        self._evaluate, self._tolerance, self._history = evaluate, tolerance, history
        self._tried, self._gradient, self._direction, self._curvature = (torch.zeros_like(self.point) for _ in range(4))
        self._loss, self._step = like.new_zeros(()), like.new_zeros(())
        # A step that is not to be remembered goes into a row of its own, which nobody reads.
        self._moved, self._bent = (like.new_zeros(history + 1, like.numel()) for _ in range(2))
        self._products = like.new_zeros(history + 1)
        self._remembered = torch.zeros(1, dtype=torch.int64, device=like.device)

    def begin(self, start: Tensor, curvature: Tensor) -> None:
        """Forget everything; the next evaluation is at `start`. For the curvature see `minimise`."""
        self.point.copy_(start)
        self._tried.copy_(start)
        self._curvature.copy_(curvature.expand_as(start))
        self._loss.fill_(torch.inf)
        for each in (self.losses, self.settled, self._gradient, self._direction, self._step, self._remembered):
            each.zero_()
        for rows in (self._moved, self._bent):  # what is not a number would outlive its frame
            rows.zero_()

    def follow(self, iterations: int, advance: Callable[[], None]) -> tuple[Tensor, Tensor]:
        """Return the best of so many evaluations, or fewer where nothing is left to gain, and its losses.

        `advance` is the method of this name, or what it was recorded as.
        """
        for evaluated in range(1, iterations + 1):
            advance()
            if evaluated % LOOK == 0 and bool(self.settled):
                break
        return self.point.clone(), self.losses.clone()

    def advance(self) -> None:
        """Evaluate once, and decide where to evaluate next."""
        losses, gradient = self._evaluate(self._tried)
        loss = losses.sum()
        better = (loss < self._loss) & ~self.settled
        self.settled.logical_or_(better & (self._loss - loss < self._tolerance * self._loss))
        self._remember(better, gradient)
        for kept, found in (
            (self.point, self._tried), (self.losses, losses), (self._loss, loss), (self._gradient, gradient),
        ):  # fmt: skip
            torch.where(better, found, kept, out=kept)
        shorter = SHORTER * self._step
        misled = ~better & (self._remembered[0] > 0) & (shorter < MISLED)
        self.settled.logical_or_(~better & ~misled & (shorter < HOPELESS))
        self._remembered.mul_(~misled)
        self._step.copy_(shorter.masked_fill(better | misled, 1.0))
        torch.where(better | misled, self._two_loop(), self._direction, out=self._direction)
        torch.addcmul(self.point, self._direction, self._step, out=self._tried)

    def _remember(self, better: Tensor, gradient: Tensor) -> None:
        moved, bent = (self._tried - self.point).flatten(), (gradient - self._gradient).flatten()
        product = torch.dot(moved, bent)
        kept = better & (product > 0)
        row = (self._remembered % self._history).masked_fill(~kept, self._history)
        self._moved.index_copy_(0, row, moved[None])
        self._bent.index_copy_(0, row, bent[None])
        self._products.index_copy_(0, row, product[None])
        self._remembered.add_(kept)

    def _two_loop(self) -> Tensor:
        """Return minus the inverse Hessian, as the steps so far tell it, times the gradient."""
        latest = torch.arange(self._history, device=self.point.device)
        rows = (self._remembered - 1 - latest) % self._history
        moved, bent = self._moved.index_select(0, rows), self._bent.index_select(0, rows)
        # A row not filled yet has an infinite product: its share is nothing.
        products = self._products.index_select(0, rows).masked_fill_(latest >= self._remembered, torch.inf)
        curvature, remaining = self._curvature.flatten(), self._gradient.flatten()
        shares = torch.zeros_like(products)
        for each in range(self._history):
            shares[each] = torch.dot(moved[each], remaining) / products[each]
            remaining = torch.addcmul(remaining, bent[each], shares[each], value=-1)
        remaining = remaining / curvature
        scale = products[0] / torch.dot(bent[0], bent[0] / curvature)
        remaining.mul_(scale.masked_fill(self._remembered[0] == 0, 1.0))
        for each in reversed(range(self._history)):
            share = shares[each] - torch.dot(bent[each], remaining) / products[each]
            remaining.addcmul_(moved[each], share)
        return remaining.neg_().view_as(self.point)
