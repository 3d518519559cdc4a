"""A run in progress is sampled: speed, slowest stage, and warping error and sharpness on a grid of pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from streamstyle.evaluate.metrics import sharpness, squared_difference, warping_error
from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.ops.image import to_tensor
from streamstyle.runs.status_sampler import OnlineMetrics, StatusSampler
from tests.scenes import Scene, pan


def stylised_frames(scene: Scene, noise: float = 0.0) -> list[StylisedFrame]:
    """Each frame of the scene as its own output, with its true flow; its per-frame stylisation has noise."""
    random = torch.Generator().manual_seed(0)
    stylised = []
    for index, frame in enumerate(scene.frames):
        weight = torch.from_numpy((~scene.uncovered[index]).astype(np.float32))
        motion = Motion(torch.from_numpy(scene.backward[index]), weight) if index else None
        image = to_tensor(frame)
        noisy = image + noise * torch.randn(image.shape, generator=random)
        stylised.append(StylisedFrame(FrameWithFlow(Frame(frame, index, index), motion), image, per_frame=noisy))
    return stylised


def test_a_pan_has_no_warping_error_and_noise_twice_its_variance() -> None:
    metrics = OnlineMetrics()
    for frame in stylised_frames(pan(frames=12, width=192, height=128), noise=0.1):
        metrics.add(frame)
    means = metrics.warping_error()
    assert means["output"] < 1e-6
    assert means["per_frame"] == pytest.approx(2 * 0.1**2, rel=0.1)


def test_it_agrees_with_the_warping_error_on_all_pixels() -> None:
    film = stylised_frames(pan(frames=24, width=192, height=128, step=(1, 2)), noise=0.2)
    metrics, whole = OnlineMetrics(), []
    for before, frame in zip([None, *film], film, strict=False):
        metrics.add(frame)
        if before is not None and (motion := frame.flowed.motion) is not None:
            squared = squared_difference(frame.per_frame, before.per_frame, motion.backward)
            whole.append(float(warping_error(squared, motion.weight)))
    assert metrics.warping_error()["per_frame"] == pytest.approx(np.mean(whole), rel=0.05)


def test_without_flow_there_is_no_warping_error() -> None:
    metrics = OnlineMetrics()
    for frame in stylised_frames(pan(frames=3))[:1] * 3:
        metrics.add(frame)
    assert metrics.warping_error() == metrics.sharpness() == {}


def test_sharpness_agrees_with_that_of_all_pixels() -> None:
    """The output as it is; its per-frame stylisation has noise and is sharper."""
    film, metrics = stylised_frames(pan(frames=24, width=192, height=128, step=(1, 2)), noise=0.05), OnlineMetrics()
    for frame in film:
        metrics.add(frame)
    for name, images in {"output": [f.image for f in film], "per_frame": [f.per_frame for f in film]}.items():
        whole = np.mean([float(sharpness(image)) for image in images[1:]])
        assert metrics.sharpness()[name] == pytest.approx(whole, rel=0.02)


def context(tmp_path: Path, frames: int, seconds: dict[str, float], decoded: int = 8) -> SimpleNamespace:
    """The run after some frames, with what its stages took in all and the number of frames decoded ahead."""
    (frame,) = stylised_frames(pan(frames=1))
    return SimpleNamespace(
        frames=frames,
        stylised=frame,
        clock=SimpleNamespace(seconds=sum(seconds.values())),
        timer=SimpleNamespace(seconds=seconds),
        queues={"decode": SimpleNamespace(ready=decoded, capacity=8), "flow": SimpleNamespace(ready=0, capacity=6)},
        partial=tmp_path / "out.partial.mkv",
    )


def test_stages_are_seconds_per_frame_since_the_first_sample(tmp_path: Path) -> None:
    sampler = StatusSampler()
    first = sampler.sample(context(tmp_path, 1, {"wait": 9.0, "stylise": 1.0}), False, OnlineMetrics())
    assert (first.stages, first.fps_history) == ({}, ())
    second = sampler.sample(context(tmp_path, 11, {"wait": 10.0, "stylise": 5.0}), False, OnlineMetrics())
    assert second.stages == pytest.approx({"wait": 0.1, "stylise": 0.4})
    assert second.fps_history == (2.0,)
    assert second.bottleneck == "stylise"


@pytest.mark.parametrize(("decoded", "bottleneck"), [(0, "decode"), (8, "flow")])
def test_a_run_that_waits_has_its_bottleneck_ahead(tmp_path: Path, decoded: int, bottleneck: str) -> None:
    sampler = StatusSampler()
    sampler.sample(context(tmp_path, 1, {"wait": 1.0, "stylise": 1.0}), False, OnlineMetrics())
    sample = sampler.sample(context(tmp_path, 2, {"wait": 3.0, "stylise": 2.0}, decoded), False, OnlineMetrics())
    assert sample.bottleneck == bottleneck
    assert sample.queues == {"decode": (decoded, 8), "flow": (0, 6)}


def test_samples_of_a_paused_run_do_not_enter_its_speed(tmp_path: Path) -> None:
    sampler = StatusSampler()
    for frames, paused in ((1, False), (2, False), (2, True), (2, True)):
        sample = sampler.sample(context(tmp_path, frames, {"stylise": 0.5 * frames}), paused, OnlineMetrics())
    assert sample.paused
    assert sample.fps_history == (2.0,)


def test_history_has_speed_losses_and_steadiness_of_the_frames_since_the_sample_before(tmp_path: Path) -> None:
    """The output does not change, its per-frame stylisation has noise; losses are those of the last frame."""
    sampler, metrics = StatusSampler(), OnlineMetrics()
    for index, frame in enumerate(stylised_frames(pan(frames=4, width=192, height=128), noise=0.1), start=1):
        metrics.add(frame)
        now = context(tmp_path, index, {"stylise": 0.5 * index})
        now.stylised = replace(frame, losses={"temporal": 10.0 * index})
        sample = sampler.sample(now, False, metrics)
    assert sample.history["frame"] == (2, 3, 4)
    assert sample.history["fps"] == (2.0, 2.0, 2.0)
    assert sample.history["losses.temporal"] == (20.0, 30.0, 40.0)
    assert all(steadiness is not None and steadiness > 100 for steadiness in sample.history["steadiness"])
    assert sampler.sample(now, True, metrics).history == sample.history
