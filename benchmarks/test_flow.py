"""Optical flow presets: end-point error, occlusions found, and how steady an output made along them is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.comparison import run_comparison, table_rows, table_title
from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.compare import events
from streamstyle.frames import Motion
from streamstyle.media.flo import read_flo
from streamstyle.media.images import RgbImage, read_image
from streamstyle.settings import FlowPreset
from streamstyle.stages.flow import estimate_motion
from tools.demo_film import demo_frames, true_motion

_SECONDS = 0.4


@dataclass(frozen=True)
class Pair:
    """Two frames and the true flow: where each pixel of `image` is in `other`, and which are not visible there."""

    other: RgbImage
    image: RgbImage
    flow: NDArray[np.float32]
    occluded: NDArray[np.bool_] | None
    known: NDArray[np.bool_]


@dataclass
class Sums:
    """Sums over pairs, and counts of pixels."""

    pairs: int = 0
    seconds: float = 0.0
    error: float = 0.0
    trusted_error: float = 0.0
    distrusted: int = 0
    occluded: int = 0
    both: int = 0
    wrong: int = 0

    def add(self, motion: Motion, truth: Pair, seconds: float) -> None:
        errors = np.linalg.norm(motion.backward.numpy() - truth.flow, axis=0)
        occluded = truth.occluded if truth.occluded is not None else np.zeros_like(truth.known)
        visible, distrusted = truth.known & ~occluded, motion.weight.numpy() < 0.5
        self.pairs, self.seconds = self.pairs + 1, self.seconds + seconds
        self.error += float(errors[visible].mean())
        self.trusted_error += float(errors[visible & ~distrusted].mean())
        self.distrusted += int(distrusted.sum())
        self.occluded += int(occluded.sum())
        self.both += int((distrusted & occluded).sum())
        self.wrong += int((distrusted & (occluded | (errors > 1))).sum())

    def row(self, name: str, fastest: float) -> Row:
        return {
            "": name,
            "time, of fast's": self.seconds / fastest,
            "error, px": self.error / self.pairs,
            "where trusted": self.trusted_error / self.pairs,
            "precision": self.both / self.distrusted if self.occluded else None,
            "recall": self.both / self.occluded if self.occluded else None,
            "distrusted that are occluded or wrong": self.wrong / self.distrusted,
        }


def test_flow(work: Work, report: Report) -> None:
    """Every flow is within a pixel of the demo film's true motion on average."""
    size = work.source_settings.size or (480, 270)
    pairs = list(_demo_pairs(*size))
    sums = {preset: _measure_preset(preset, pairs) for preset in FlowPreset}
    rows = [each.row(preset, sums[FlowPreset.fast].seconds) for preset, each in sums.items()]
    report.show(f"Flow on the demo film at {size[0]}x{size[1]}, {len(pairs)} pairs", rows)
    assert all(each.error / each.pairs < 1 for each in sums.values())


def test_flow_in_files(pytestconfig: pytest.Config, report: Report) -> None:
    """The same on the pairs of `--flows`; the trusted pixels of each have a lower error than all."""
    folder = pytestconfig.getoption("--flows")
    if folder is None:
        pytest.skip("give --flows FOLDER, of folders with two images, flow.flo and optionally occlusion.png")
    for path in sorted(folder.glob("*/flow.flo")):
        pair = _read_pair(path.parent)
        sums = {preset: _measure_preset(preset, [pair]) for preset in FlowPreset}
        rows = [each.row(preset, sums[FlowPreset.fast].seconds) for preset, each in sums.items()]
        report.show(f"Flow on {path.parent.name}, {pair.flow.shape[2]}x{pair.flow.shape[1]}", rows)
        assert all(each.trusted_error < each.error for each in sums.values())


def test_outputs_along_each_flow(work: Work, pytestconfig: pytest.Config, tmp_path: Path, report: Report) -> None:
    """The better the flow, the steadier is `live`."""
    folder = pytestconfig.getoption("--keep") or tmp_path
    presets = FlowPreset if work.full else (FlowPreset.fast, FlowPreset.medium)
    methods = ",".join(["johnson", *(f"live:flow={preset}" for preset in presets)])
    for film in work.films:
        done = run_comparison(film, work.source_settings, work.style, work, methods, folder)
        report.show(f"Live along each flow: {table_title(done)}", table_rows(done))
        fast, medium = (_flicker(done.films, f"live, flow {preset}") for preset in (FlowPreset.fast, FlowPreset.medium))
        assert medium < fast


def _flicker(rows: list[events.ComparedFilm], name: str) -> float:
    return next(row.metrics["warping_error_1"] for row in rows if row.name == name)


def _demo_pairs(width: int, height: int) -> Iterator[Pair]:
    images = list(demo_frames(width, height, seconds=_SECONDS))
    for at in range(1, len(images)):
        truth = true_motion(at, width, height, seconds=_SECONDS)
        if truth is not None:
            known = np.ones((height, width), bool)
            yield Pair(images[at - 1], images[at], truth.backward, truth.disoccluded, known)


def _read_pair(folder: Path) -> Pair:
    """Return the pair in a folder; the true flow is from the first image, by name, to the second."""
    flow, known = read_flo(folder / "flow.flo")
    masks = {name: folder / f"{name}.png" for name in ("occlusion", "invalid")}
    first, second = (read_image(path) for path in sorted(folder.glob("frame*.png")))
    found = {name: _mask(path) for name, path in masks.items() if path.exists()}
    return Pair(second, first, flow, found.get("occlusion"), known & ~found.get("invalid", ~known))


def _mask(path: Path) -> NDArray[np.bool_]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    return np.greater(grey, 127)


def _measure_preset(preset: FlowPreset, pairs: list[Pair]) -> Sums:
    sums = Sums()
    for pair in pairs:
        began = time.process_time()
        motion = estimate_motion(pair.other, pair.image, preset)
        sums.add(motion, pair, time.process_time() - began)
    return sums
