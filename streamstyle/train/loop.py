"""One step of training after another, with what is told and kept on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from streamstyle.events import Observer, TrainingStep
from streamstyle.train.journal import TrainingLog
from streamstyle.train.pace import lr_schedule


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a training goes on, and how fast."""

    learning_rate: float
    """Step size of Adam, at its largest."""
    steps: int
    minutes: float | None = None
    """Time to train instead of `steps`."""
    first: int = 0
    """Steps that were made before, by a training that was interrupted."""

    def progress(self, step: int, elapsed: float) -> float:
        """Return the share that is done, by the steps or, where minutes are given, by the seconds elapsed."""
        return elapsed / (60 * self.minutes) if self.minutes else step / self.steps

    def expected_steps(self, step: int, done: float) -> int:
        """Return how many steps there will be in all."""
        return max(step, self.first + round((step - self.first) / done)) if self.minutes else self.steps


StepFunction = Callable[[int], tuple[Tensor, Tensor]]
"""From the number of steps made to the loss of the next, and what was painted for it, [N, 3, H, W]."""


def train(
    network: nn.Module,
    objective: StepFunction,
    course: Schedule,
    journal: TrainingLog,
    metadata: Callable[[int], Mapping[str, str]],
    observe: Observer,
    stop: threading.Event,
) -> int | None:
    """Train the network to its course's end and return the steps made in all; None when stopped before.

    `metadata` describes a snapshot by the steps made; there is one every so often, and one when stopped.
    """
    step = course.first
    for event, painted in _steps(network, objective, course):
        step = event.step
        observe(event)
        journal.add(event)
        if journal.snapshot_due(event) or stop.is_set():
            journal.write_snapshot(network, metadata(step), painted)
        if stop.is_set():
            return None
    return step


def _steps(network: nn.Module, objective: StepFunction, course: Schedule) -> Iterator[tuple[TrainingStep, Tensor]]:
    optimiser = torch.optim.Adam(network.parameters())
    began, step = time.monotonic(), course.first
    done = course.progress(step, 0.0)
    while done < 1:
        for group in optimiser.param_groups:
            group["lr"] = course.learning_rate * lr_schedule(done, step - course.first)
        optimiser.zero_grad()
        loss, painted = objective(step)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        elapsed = time.monotonic() - began
        done = course.progress(step, elapsed)
        yield TrainingStep(step, course.expected_steps(step, done), float(loss.detach()), elapsed), painted.detach()
