"""Long-term drift: points followed over twenty frames."""

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
    """Its true motion from the frame before, trusted wherever it stays in the picture."""
    if frame == 0 or frame in scene.cuts:
        return None
    flow = torch.from_numpy(scene.forward[frame])
    columns = torch.arange(flow.shape[2]) + flow[0]
    return Correspondence(flow, ((columns >= 0) & (columns <= flow.shape[2] - 1)).float(), from_later=False)


def drift(scene: Scene, painted: Picture) -> float | None:
    tracks = PointTracker(2)
    for frame, (source, picture) in enumerate(zip(scene.frames, painted, strict=True)):
        tracks.step([to_tensor(source), to_tensor(picture)], forward_correspondence(scene, frame))
    return tracks.drifts[1].ratio


def test_a_film_that_follows_its_motion_does_not_drift() -> None:
    assert drift(PAN, PAN.frames) == pytest.approx(0, abs=1e-6)


def test_a_frozen_film_drifts_by_one_whatever_it_shows() -> None:
    assert drift(PAN, np.repeat(PAN.frames[:1], FRAMES, 0)) == pytest.approx(1)
    assert drift(PAN, np.repeat(PAN.frames[-1:] // 2, FRAMES, 0)) == pytest.approx(1)


def test_a_film_whose_colours_creep_drifts_though_no_two_frames_differ_much() -> None:
    """Two levels a frame: 40 in twenty frames, and nothing to see from one to the next."""
    brighter = np.stack([np.clip(frame.astype(int) // 2 + 2 * t, 0, 255) for t, frame in enumerate(PAN.frames)])
    crept = drift(PAN, brighter.astype(np.uint8))
    assert crept is not None
    assert crept > 0.3


def test_the_drift_of_a_blur_is_a_share_of_its_own_contrast() -> None:
    """A film at half its contrast drifts by as much as the film itself: greyness does not win."""
    noise = np.random.default_rng(0).normal(0, 12, PAN.frames.shape)
    noisy = np.clip(PAN.frames + noise, 0, 255)
    full, half = drift(PAN, noisy.astype(np.uint8)), drift(PAN, (64 + noisy / 2).astype(np.uint8))
    assert full == pytest.approx(half, rel=0.05)


def test_where_nothing_moves_or_every_shot_is_short_there_is_no_drift() -> None:
    scene = still(FRAMES, 64, 48)
    assert drift(scene, scene.frames) is None
    short = cut(pan(12, 64, 48), pan(12, 64, 48, seed=4))
    assert drift(short, short.frames) is None


def test_a_way_is_believed_where_the_source_agrees() -> None:
    """The film pans 20 pixels to the right; flow that says down has lost its way, and flow that says still has, too."""
    before, now = to_tensor(PAN.frames[0]), to_tensor(PAN.frames[20])
    shares = {}
    for name, step in {"right": (20.0, 0.0), "down": (0.0, 20.0), "still": (0.0, 0.0)}.items():
        flow = torch.tensor(step)[:, None, None].expand(2, 96, 128)
        moved, unmoved = verified_points(now, before, Correspondence(flow, torch.ones(96, 128), from_later=False))
        shares[name] = float((moved | unmoved)[:76, :108].float().mean())
    assert shares["right"] > 0.95
    assert shares["down"] < 0.35
    assert shares["still"] < 0.35


def test_steps_are_chained_along_the_way() -> None:
    """Three pixels to the right where that begins in the left half, one in the right half: two steps from the left."""
    flow = torch.zeros(2, 8, 32)
    flow[0, :, :16], flow[0, :, 16:] = 3, 1
    step = Correspondence(flow, torch.ones(8, 32), from_later=False)
    way: Tensor = compose_flows([step, step]).flow
    assert way[0, 4, 2] == 6
    assert way[0, 4, 15] == 4
    assert way[0, 4, 20] == 2


def test_a_way_through_what_is_not_trusted_is_not_trusted() -> None:
    weight = torch.ones(8, 32)
    weight[:, 10] = 0
    step = Correspondence(torch.stack([torch.ones(8, 32), torch.zeros(8, 32)]), weight, from_later=False)
    assert compose_flows([step, step, step]).weight[4, 6:13].tolist() == [1, 1, 0, 0, 0, 1, 1]
