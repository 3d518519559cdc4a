"""The optical flows against the demo film's true motion: how far off they are, and what they say is uncovered."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.demo import demo_frames, true_motion
from streamstyle.frame import Frame, Motion
from streamstyle.settings import FlowPreset, FlowSettings
from streamstyle.stages.flow import flow

_SECONDS = 0.4


@dataclass
class _Sums:
    error: float = 0.0
    lost: float = 0.0
    false: float = 0.0
    pairs: int = 0

    def add(self, index: int, motion: Motion, size: tuple[int, int]) -> None:
        truth = true_motion(index, *size, seconds=_SECONDS)
        assert truth is not None
        off = np.linalg.norm(motion.backward.numpy() - truth.backward, axis=0)
        trusted = motion.weight.numpy() > 0.5
        self.error += float(off[~truth.disoccluded].mean())
        self.lost += float(trusted[truth.disoccluded].mean())
        self.false += float((~trusted)[~truth.disoccluded].mean())
        self.pairs += 1


def test_flow(work: Work, report: Report) -> None:
    """Every flow is within a pixel of the truth on average, where there is a truth."""
    size = work.part.size or (480, 270)
    seconds, sums = {}, {}
    for preset in FlowPreset:
        began = time.perf_counter()
        sums[preset] = _measured(preset, size)
        seconds[preset] = time.perf_counter() - began
    rows: list[Row] = [
        {
            "": preset.value,
            "time, of fast's": seconds[preset] / seconds[FlowPreset.fast],
            "mean error in pixels, where visible": sums[preset].error / sums[preset].pairs,
            "uncovered, yet trusted": sums[preset].lost / sums[preset].pairs,
            "visible, not trusted": sums[preset].false / sums[preset].pairs,
        }
        for preset in FlowPreset
    ]
    report.show(f"Flow on the demo film at {size[0]}x{size[1]}, {sums[FlowPreset.fast].pairs} pairs", rows)
    assert all(each.error / each.pairs < 1 for each in sums.values())


def _measured(preset: FlowPreset, size: tuple[int, int]) -> _Sums:
    frames = (Frame(image, index, index) for index, image in enumerate(demo_frames(*size, seconds=_SECONDS)))
    sums = _Sums()
    with flow(frames, FlowSettings(flow=preset), None) as flowed:
        for each in flowed:
            if each.motion is not None and true_motion(each.frame.index, *size, seconds=_SECONDS) is not None:
                sums.add(each.frame.index, each.motion, size)
    return sums
