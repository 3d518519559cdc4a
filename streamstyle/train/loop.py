"""The training loop, its learning-rate schedule, and the log and snapshots that it writes."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor, nn

from streamstyle.errors import StyleError
from streamstyle.events import Observer, TrainingStep
from streamstyle.gpu.device import tune_malloc
from streamstyle.media.images import encode_image
from streamstyle.models.metadata import read_metadata
from streamstyle.models.weights import save_weights
from streamstyle.ops.image import to_numpy


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to train, and at which learning rate."""

    learning_rate: float
    """Maximum learning rate of Adam."""
    steps: int
    minutes: float | None = None
    """Training time in minutes, in place of `steps`."""
    first_step: int = 0
    """Steps done before, by a training that was interrupted."""

    def progress(self, step: int, elapsed: float) -> float:
        """Return the fraction that is done: of the minutes, with `elapsed` in seconds, or else of the steps."""
        return elapsed / (60 * self.minutes) if self.minutes else step / self.steps

    def estimate_total_steps(self, step: int, progress: float) -> int:
        """Return the expected total number of steps; `progress` is the fraction that is done."""
        return max(step, self.first_step + round((step - self.first_step) / progress)) if self.minutes else self.steps


StepFunction = Callable[[int], tuple[Tensor, Tensor]]
"""Maps the number of steps done to the loss of the next step and the images it was computed on, [N, 3, H, W]."""


def train(
    network: nn.Module,
    step_function: StepFunction,
    schedule: Schedule,
    log: TrainingLog,
    metadata: Callable[[int], Mapping[str, str]],
    observe: Observer,
    stop: threading.Event,
) -> int | None:
    """Train the network and return the total number of steps; None if `stop` was set before the end.

    `metadata` gives the metadata of a snapshot after so many steps. A snapshot is written at intervals, and when
    training is stopped.
    """
    tune_malloc()
    step = schedule.first_step
    for event, stylised in _steps(network, step_function, schedule):
        step = event.step
        observe(event)
        log.add(event)
        if log.snapshot_due(event) or stop.is_set():
            log.write_snapshot(network, metadata(step), stylised)
        if stop.is_set():
            return None
    return step


def _steps(
    network: nn.Module, step_function: StepFunction, schedule: Schedule
) -> Iterator[tuple[TrainingStep, Tensor]]:
    optimiser = torch.optim.Adam(network.parameters())
    start, step = time.monotonic(), schedule.first_step
    progress = schedule.progress(step, 0.0)
    while progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = schedule.learning_rate * lr_schedule(progress, step - schedule.first_step)
        optimiser.zero_grad()
        loss, stylised = step_function(step)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        if norm.isfinite():  # it is not on a flat image, such as a black frame
            optimiser.step()
        step += 1
        elapsed = time.monotonic() - start
        progress = schedule.progress(step, elapsed)
        yield (
            TrainingStep(step, schedule.estimate_total_steps(step, progress), float(loss.detach()), elapsed),
            stylised.detach(),
        )


def lr_schedule(progress: float, steps: int) -> float:
    """Return the factor of the learning rate: linear warm-up over 50 steps, then half a cosine down to a hundredth.

    `progress` is the fraction of the training in [0, 1], `steps` the number of steps since it was started or resumed.
    """
    return min(1.0, (steps + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


SNAPSHOT_EVERY = 200
"""Steps between snapshots, from which an interrupted training resumes."""

LOG_EVERY = 20
"""Steps per line of the log, which holds the mean loss of them."""


class TrainingLog:
    """Files beside the weights: the snapshot NAME.learning.safetensors, its preview .jpg and the log .csv.

    The log is kept after training.
    """

    def __init__(self, weights: Path) -> None:
        self.snapshot = weights.with_name(f"{weights.stem}.learning.safetensors")
        self._preview = self.snapshot.with_suffix(".jpg")
        self._log = weights.with_name(f"{weights.stem}.learning.csv")
        self._losses: list[float] = []
        if not self.snapshot.exists():
            self._log.unlink(missing_ok=True)

    @property
    def snapshot_step(self) -> int:
        """Number of steps that the snapshot was trained for; 0 if there is none. Raises StyleError if it is damaged."""
        if not self.snapshot.exists():
            return 0
        step = read_metadata(self.snapshot).get("step", "")
        if not re.fullmatch(r"[0-9]{1,9}", step):
            raise StyleError(f"{self.snapshot} is no snapshot of a training", "Remove it to train from the start.")
        return int(step)

    def add(self, event: TrainingStep) -> None:
        """Record a step; every `LOG_EVERY` steps a line is written."""
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
        """Return whether a snapshot is written after this step."""
        return event.step % SNAPSHOT_EVERY == 0

    def write_snapshot(
        self,
        network: torch.nn.Module,
        metadata: Mapping[str, str],
        stylised: Tensor,  # [N, 3, H, W] float in [0, 1], of the last step
    ) -> None:
        """Write the snapshot and its preview."""
        save_weights(self.snapshot, network, metadata)
        row = to_numpy(torch.cat(list(stylised), dim=2))
        self._preview.write_bytes(encode_image(row, ".jpg"))

    def close(self) -> None:
        """Remove the snapshot and its preview, when the weights are written."""
        self.snapshot.unlink(missing_ok=True)
        self._preview.unlink(missing_ok=True)
