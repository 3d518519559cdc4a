"""What a training leaves beside its weights while it goes on: a snapshot, a log and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from streamstyle.events import TrainingStep
from streamstyle.media.picture import encode_image
from streamstyle.nets.weights import save_weights
from streamstyle.ops.pixels import to_numpy

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
