"""Long-term drift: points tracked over twenty frames."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.evaluate.drift import HORIZON, PointTracker, verified_points
from streamstyle.evaluate.reference_flow import Correspondence, compose_flows
from streamstyle.ops.image import to_tensor
from tests.films import Picture, Scene, cut, pan, still

FRAMES = HORIZON + 3
PAN = pan(FRAMES, 128, 96, step=(1, 0))


def forward_correspondence(scene: Scene, frame: int) -> Correspondence | None:
    """The true motion from the previous frame, trusted wherever it stays inside the frame."""
    if frame == 0 or frame in scene.cuts:
        return None
    flow = torch.from_numpy(scene.forward[frame])
    columns = torch.arange(flow.shape[2]) + flow[0]
    return Correspondence(flow, ((columns >= 0) & (columns <= flow.shape[2] - 1)).float(), from_later=False)


def drift(scene: Scene, stylised: Picture) -> float | None:
    tracker = PointTracker(2)
    for frame, (source, image) in enumerate(zip(scene.frames, stylised, strict=True)):
        tracker.step([to_tensor(source), to_tensor(image)], forward_correspondence(scene, frame))
    return tracker.drifts[1].ratio


def test_a_film_that_follows_its_motion_does_not_drift() -> None:
    assert drift(PAN, PAN.frames) == pytest.approx(0, abs=1e-6)


def test_a_frozen_film_has_a_drift_of_one() -> None:
    assert drift(PAN, np.repeat(PAN.frames[:1], FRAMES, 0)) == pytest.approx(1)
    assert drift(PAN, np.repeat(PAN.frames[-1:] // 2, FRAMES, 0)) == pytest.approx(1)


def test_a_slow_change_of_colour_is_drift() -> None:
    """Two levels a frame: 40 in twenty frames, and invisible from one to the next."""
    brighter = np.stack([np.clip(frame.astype(int) // 2 + 2 * t, 0, 255) for t, frame in enumerate(PAN.frames)])
    measured = drift(PAN, brighter.astype(np.uint8))
    assert measured is not None
    assert measured > 0.3


def test_drift_does_not_depend_on_contrast() -> None:
    """A film at half its contrast drifts by as much as the film itself, so a grey film gains nothing."""
    noise = np.random.default_rng(0).normal(0, 12, PAN.frames.shape)
    noisy = np.clip(PAN.frames + noise, 0, 255)
    full, half = drift(PAN, noisy.astype(np.uint8)), drift(PAN, (64 + noisy / 2).astype(np.uint8))
    assert full == pytest.approx(half, rel=0.05)


def test_drift_is_undefined_without_motion_or_in_short_shots() -> None:
    scene = still(FRAMES, 64, 48)
    assert drift(scene, scene.frames) is None
    short = cut(pan(12, 64, 48), pan(12, 64, 48, seed=4))
    assert drift(short, short.frames) is None


def test_points_are_verified_where_the_source_agrees_with_the_flow() -> None:
    """The film pans 20 pixels to the right; flow that says down, or at rest, is wrong."""
    before, now = to_tensor(PAN.frames[0]), to_tensor(PAN.frames[20])
    shares = {}
    for name, step in {"right": (20.0, 0.0), "down": (0.0, 20.0), "still": (0.0, 0.0)}.items():
        flow = torch.tensor(step)[:, None, None].expand(2, 96, 128)
        moved, unmoved = verified_points(now, before, Correspondence(flow, torch.ones(96, 128), from_later=False))
        shares[name] = float((moved | unmoved)[:76, :108].float().mean())
    assert shares["right"] > 0.95
    assert shares["down"] < 0.35
    assert shares["still"] < 0.35


def test_flows_are_composed_along_the_path() -> None:
    """Three pixels to the right in the left half, one in the right half: two steps from either half."""
    flow = torch.zeros(2, 8, 32)
    flow[0, :, :16], flow[0, :, 16:] = 3, 1
    step = Correspondence(flow, torch.ones(8, 32), from_later=False)
    composed: Tensor = compose_flows([step, step]).flow
    assert composed[0, 4, 2] == 6
    assert composed[0, 4, 15] == 4
    assert composed[0, 4, 20] == 2


def test_a_path_through_an_untrusted_pixel_is_untrusted() -> None:
    weight = torch.ones(8, 32)
    weight[:, 10] = 0
    step = Correspondence(torch.stack([torch.ones(8, 32), torch.zeros(8, 32)]), weight, from_later=False)
    assert compose_flows([step, step, step]).weight[4, 6:13].tolist() == [1, 1, 0, 0, 0, 1, 1]
