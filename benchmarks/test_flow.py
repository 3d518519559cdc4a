"""The optical flows against the demo film's true motion: how far off they are, and what they say is uncovered."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.demo import TrueMotion, demo_frames, true_motion
from streamstyle.frame import Motion
from streamstyle.settings import FlowPreset
from streamstyle.stages.flow import motion_between

Picture = NDArray[np.uint8]

_SECONDS = 0.4


@dataclass
class _Sums:
    seconds: float = 0.0
    error: float = 0.0
    lost: float = 0.0
    refused: float = 0.0

    def add(self, motion: Motion, truth: TrueMotion, seconds: float) -> None:
        off = np.linalg.norm(motion.backward.numpy() - truth.backward, axis=0)
        trusted = motion.weight.numpy() > 0.5
        self.seconds += seconds
        self.error += float(off[~truth.disoccluded].mean())
        self.lost += float(trusted[truth.disoccluded].mean())
        self.refused += float((~trusted)[~truth.disoccluded].mean())


def test_flow(work: Work, report: Report) -> None:
    """Every flow is within a pixel of the truth on average, where there is a truth."""
    size = work.part.size or (480, 270)
    pictures = list(demo_frames(*size, seconds=_SECONDS))
    truths = [true_motion(index, *size, seconds=_SECONDS) for index in range(len(pictures))]
    pairs = [(pictures[at - 1], pictures[at], truth) for at, truth in enumerate(truths) if truth is not None]
    sums = {preset: _measured(preset, pairs) for preset in FlowPreset}
    rows: list[Row] = [
        {
            "": preset.value,
            "time, of fast's": each.seconds / sums[FlowPreset.fast].seconds,
            "mean error in pixels, where visible": each.error / len(pairs),
            "uncovered, yet trusted": each.lost / len(pairs),
            "visible, not trusted": each.refused / len(pairs),
        }
        for preset, each in sums.items()
    ]
    report.show(f"Flow on the demo film at {size[0]}x{size[1]}, {len(pairs)} pairs", rows)
    assert all(each.error / len(pairs) < 1 for each in sums.values())


def _measured(preset: FlowPreset, pairs: list[tuple[Picture, Picture, TrueMotion]]) -> _Sums:
    sums = _Sums()
    for before, picture, truth in pairs:
        began = time.perf_counter()
        motion = motion_between(before, picture, preset)
        sums.add(motion, truth, time.perf_counter() - began)
    return sums
