"""One step of training after another, with what is told and kept on the way."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor, nn

from streamstyle.events import Observer, TrainingStep
from streamstyle.media.images import encode_image
from streamstyle.models.weights import save_weights
from streamstyle.ops.image import to_numpy


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a training goes on, and how fast."""

    learning_rate: float
    """Step size of Adam, at its largest."""
    steps: int
    minutes: float | None = None
    """Time to train instead of `steps`."""
    first_step: int = 0
    """Steps that were made before, by a training that was interrupted."""

    def progress(self, step: int, elapsed: float) -> float:
        """Return the share that is done, by the steps or, where minutes are given, by the seconds elapsed."""
        return elapsed / (60 * self.minutes) if self.minutes else step / self.steps

    def estimate_total_steps(self, step: int, done: float) -> int:
        """Return how many steps there will be in all."""
        return max(step, self.first_step + round((step - self.first_step) / done)) if self.minutes else self.steps


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
    step = course.first_step
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
    began, step = time.monotonic(), course.first_step
    done = course.progress(step, 0.0)
    while done < 1:
        for group in optimiser.param_groups:
            group["lr"] = course.learning_rate * lr_schedule(done, step - course.first_step)
        optimiser.zero_grad()
        loss, painted = objective(step)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        elapsed = time.monotonic() - began
        done = course.progress(step, elapsed)
        yield (
            TrainingStep(step, course.estimate_total_steps(step, done), float(loss.detach()), elapsed),
            painted.detach(),
        )


def lr_schedule(done: float, steps: int) -> float:
    """Return the learning rate's share: a short run-up, then half a cosine down to a hundredth.

    `done` is the share of the training in [0, 1], `steps` the steps since it was begun or taken up again.
    """
    return min(1.0, (steps + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))


SNAPSHOT_EVERY = 200
"""Steps between snapshots, from which learning goes on when it was interrupted."""

LOG_EVERY = 20
"""Steps that a line of the log is the mean of."""


class TrainingLog:
    """Files named after the weights: NAME.learning.safetensors, .jpg and .csv; the log stays when all is done."""

    def __init__(self, weights: Path) -> None:
        self.snapshot = weights.with_name(f"{weights.stem}.learning.safetensors")
        self._picture = self.snapshot.with_suffix(".jpg")
        self._log = weights.with_name(f"{weights.stem}.learning.csv")
        self._losses: list[float] = []
        if not self.snapshot.exists():
            self._log.unlink(missing_ok=True)

    def add(self, event: TrainingStep) -> None:
        """Add a step to the log."""
        self._losses.append(event.loss)
        if len(self._losses) < LOG_EVERY:
            return
        new = not self._log.exists()
        with self._log.open("a", encoding="utf-8") as log:
            if new:
                log.write("step,seconds,loss\n")
            log.write(f"{event.step},{event.elapsed:.1f},{fmean(self._losses):.5f}\n")
        self._losses.clear()

    def snapshot_due(self, event: TrainingStep) -> bool:
        """Return whether it is time for a snapshot."""
        return event.step % SNAPSHOT_EVERY == 0

    def write_snapshot(
        self,
        network: torch.nn.Module,
        metadata: Mapping[str, str],
        painted: Tensor,  # [N, 3, H, W] float in [0, 1]: what was painted last
    ) -> None:
        """Write the snapshot and the picture."""
        save_weights(self.snapshot, network, metadata)
        row = to_numpy(torch.cat(list(painted), dim=2))
        self._picture.write_bytes(encode_image(row, ".jpg"))

    def close(self) -> None:
        """Remove what was only needed on the way."""
        self.snapshot.unlink(missing_ok=True)
        self._picture.unlink(missing_ok=True)
