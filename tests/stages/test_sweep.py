"""A shot gone over again, backward and forward."""

import weakref
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.frame import FrameWithFlow, Frame, Motion, StylisedFrame
from streamstyle.nets.perceptual import compute_targets
from streamstyle.nets.weights import load_loss_network
from streamstyle.ops.pixels import to_tensor
from streamstyle.optimise.frame_optimiser import RuderOptimiser
from streamstyle.settings import ConsistencySettings, Method, RuderSettings, Settings
from streamstyle.stages import sweep as sweep_stage
from streamstyle.stages.sweep import multi_pass
from tests.scenes import Scene, cut, still, texture

MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT = 64, 48


@pytest.fixture(scope="module")
def multi_pass_optimiser() -> RuderOptimiser:
    network = load_loss_network()
    grams = compute_targets(network, to_tensor(texture(96, 96, seed=8))[None]).grams
    return RuderOptimiser(network, grams, RuderSettings(), ConsistencySettings().temporal_weight)


def boiling(scene: Scene) -> Iterator[StylisedFrame]:
    """Frames of still shots, painted with noise that changes from frame to frame."""
    generator = torch.Generator().manual_seed(3)
    motion = Motion(
        torch.zeros(2, MULTI_PASS_HEIGHT, MULTI_PASS_WIDTH), torch.ones(MULTI_PASS_HEIGHT, MULTI_PASS_WIDTH)
    )
    for index, picture in enumerate(scene.frames):
        known = None if index == 0 or index in scene.cuts else motion
        frame = Frame(np.ascontiguousarray(picture), pts=index, index=index)
        film = to_tensor(frame.image)
        noisy = (film + 0.1 * torch.randn(film.shape, generator=generator)).clamp(0, 1)
        yield StylisedFrame(FrameWithFlow(frame, known, reverse=known), noisy, naive=film)


def swept(scene: Scene, brush: RuderOptimiser, passes: int, iterations: int = 3) -> list[Tensor]:
    settings = Settings(
        consistency=ConsistencySettings(method=Method.ruder, iterations=iterations), ruder=RuderSettings(passes=passes)
    )
    return [frame.image for frame in multi_pass(boiling(scene), brush, settings)]


def test_one_pass_is_what_there_is_already(brush: RuderOptimiser) -> None:
    scene = still(3, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT)
    assert all(torch.equal(one, other.image) for one, other in zip(swept(scene, brush, 1), boiling(scene), strict=True))


def test_one_pass_hands_every_frame_on_at_once(brush: RuderOptimiser) -> None:
    endless = (next(boiling(still(1, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT))) for _ in iter(int, 1))
    assert next(multi_pass(endless, brush, Settings())).flowed.frame.index == 0


def test_early_frames_learn_of_late_ones(brush: RuderOptimiser) -> None:
    """After a sweep backward the first frame has come nearer to the last, and the last has stayed."""
    scene = still(4, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT)
    once, twice = swept(scene, brush, 1), swept(scene, brush, 2, iterations=8)
    assert torch.equal(once[3], twice[3])
    assert (twice[0] - twice[3]).square().mean() < 0.7 * (once[0] - once[3]).square().mean()


def test_a_frame_starts_half_from_its_neighbour(brush: RuderOptimiser) -> None:
    """After a single evaluation it is still what it started from."""
    once, twice = (
        swept(still(2, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT), brush, passes, iterations=1) for passes in (1, 2)
    )
    assert torch.allclose(twice[0], (once[0] + once[1]) / 2, atol=1e-6)


def test_sweeps_make_a_still_film_steadier(brush: RuderOptimiser) -> None:
    boils = [
        float(
            torch.stack(swept(still(4, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT), brush, passes)).diff(dim=0).square().mean()
        )
        for passes in (1, 2, 3)
    ]
    assert boils[0] > boils[1] > boils[2]


def test_nothing_is_swept_across_a_cut(brush: RuderOptimiser) -> None:
    first, second = still(2, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT), still(2, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT, seed=4)
    both, other = (
        swept(cut(first, second), brush, 3),
        swept(cut(first, still(2, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT, seed=9)), brush, 3),
    )
    assert all(torch.equal(one, same) for one, same in zip(both[:2], other[:2], strict=True))


TWO_PASSES = Settings(consistency=ConsistencySettings(method=Method.ruder, iterations=8), ruder=RuderSettings(passes=2))


def test_a_long_shot_is_swept_in_parts_each_held_to_the_one_before(
    brush: RuderOptimiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_stage, "_MAX_PART_BYTES", 0)  # two frames a part
    painted = [frame.image for frame in boiling(still(4, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT))]
    first, second, third, fourth = (
        frame.image for frame in multi_pass(boiling(still(4, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT)), brush, TWO_PASSES)
    )
    assert not torch.equal(first, painted[0])
    assert torch.equal(second, painted[1])
    assert (third - second).square().mean() < 0.5 * (painted[2] - painted[1]).square().mean()
    assert torch.equal(fourth, painted[3])


def test_only_one_part_is_held_at_a_time(brush: RuderOptimiser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_stage, "_MAX_PART_BYTES", 0)
    films: list[weakref.ref[Tensor]] = []
    held: list[int] = []

    def watched() -> Iterator[StylisedFrame]:
        for frame in boiling(still(6, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT)):
            held.append(sum(film() is not None for film in films))
            films.append(weakref.ref(frame.naive))
            yield frame

    for _ in multi_pass(watched(), brush, TWO_PASSES):
        pass
    assert max(held) <= 3  # a part, and the frame after it that told its end


def test_without_the_motion_back_there_is_nothing_to_sweep_along(brush: RuderOptimiser) -> None:
    one_way = (
        replace(frame, flowed=replace(frame.flowed, reverse=None))
        for frame in boiling(still(2, MULTI_PASS_WIDTH, MULTI_PASS_HEIGHT))
    )
    with pytest.raises(ValueError, match="both ways"):
        list(multi_pass(one_way, brush, TWO_PASSES))
