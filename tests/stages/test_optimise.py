"""Every frame painted after the painting itself: a pan, a still, a cut."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.frame import FrameWithFlow, Frame, Motion, StylisedFrame
from streamstyle.nets.loss_network import VggFeatures
from streamstyle.nets.perceptual import Targets, compute_losses, compute_targets
from streamstyle.nets.weights import load_loss_network
from streamstyle.ops.pixels import to_tensor
from streamstyle.ops.warp import backward_warp
from streamstyle.optimise.frame_optimiser import RuderOptimiser
from streamstyle.settings import ConsistencySettings, Init, Method, RuderSettings, Settings
from streamstyle.stages.optimise import optimise_frames
from tests.scenes import Scene, cut, pan, still

CPU = torch.device("cpu")
WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope="module")
def network() -> VggFeatures:
    return load_loss_network()


@pytest.fixture(scope="module")
def grams(network: VggFeatures) -> Mapping[str, Tensor]:
    """Of a painting in stripes of brick red and sand."""
    stripes = torch.tensor([[0.6, 0.6], [0.35, 0.5], [0.35, 0.4]]).repeat_interleave(4, 1).repeat(1, 12)
    return compute_targets(network, stripes[None, :, None, :].expand(1, 3, 96, 96).contiguous()).grams


def flowed(scene: Scene) -> Iterator[FrameWithFlow]:
    for index, picture in enumerate(scene.frames):
        shot = sum(index >= start for start in scene.cuts)
        frame = Frame(np.ascontiguousarray(picture), pts=index, index=index, shot=shot)
        weight = torch.from_numpy(1.0 - scene.uncovered[index]).float()
        motion = Motion(torch.from_numpy(scene.backward[index]), weight)
        yield FrameWithFlow(frame, None if index == 0 or index in scene.cuts else motion)


def painted(
    scene: Scene,
    network: VggFeatures,
    grams: Mapping[str, Tensor],
    iterations: int = 20,
    temporal_weight: float = 9000.0,
    lookback: tuple[int, ...] = (1,),
    **ruder: object,
) -> list[StylisedFrame]:
    settings = Settings(
        consistency=ConsistencySettings(
            method=Method.ruder, iterations=iterations, temporal_weight=temporal_weight, lookback=lookback
        ),
        ruder=RuderSettings(**{"first_iterations": 40, **ruder}),  # type: ignore[arg-type]
    )
    return list(optimise_frames(flowed(scene), brush(network, grams, settings), settings, CPU))


def brush(network: VggFeatures, grams: Mapping[str, Tensor], settings: Settings) -> RuderOptimiser:
    return RuderOptimiser(network, grams, settings.ruder, settings.consistency.temporal_weight)


def test_a_frame_takes_the_style_of_the_painting_and_keeps_its_own_content(
    network: VggFeatures, grams: Mapping[str, Tensor]
) -> None:
    (result,) = painted(still(1, WIDTH, HEIGHT), network, grams, content_weight=200.0)
    (all_style,) = painted(still(1, WIDTH, HEIGHT), network, grams, content_weight=0.0)
    frame = to_tensor(still(1, WIDTH, HEIGHT).frames[0])
    goal = Targets(compute_targets(network, frame[None]).content, grams)
    plain, done, careless = (
        compute_losses(network, image[None], goal) for image in (frame, result.image, all_style.image)
    )
    assert done.style < 0.1 * plain.style
    assert done.content < 0.7 * careless.content
    assert float(result.image.min()) >= 0
    assert float(result.image.max()) <= 1


def test_what_stands_still_is_painted_as_before(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = still(4, WIDTH, HEIGHT)
    steady = [frame.image for frame in painted(scene, network, grams)]
    free = [frame.image for frame in painted(scene, network, grams, temporal_weight=0.0, init=Init.random)]
    change, change_without = ((each[3] - each[2]).square().mean() for each in (steady, free))
    assert change < 0.02 * change_without


def test_a_longer_optimisation_ends_lower(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = still(1, WIDTH, HEIGHT)
    sums = [sum(painted(scene, network, grams, count, first_iterations=0)[0].losses.values()) for count in (2, 10, 40)]
    assert sums[0] > sums[1] > sums[2]


@pytest.mark.parametrize("init", Init)
def test_what_a_frame_starts_from(init: Init, network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    """After a single evaluation a frame is still what it started from."""
    scene = pan(2, WIDTH, HEIGHT, step=(3, 0))
    before, after = painted(scene, network, grams, iterations=1, init=init)
    starts = {
        Init.image: to_tensor(scene.frames[1]),
        Init.previous: before.image,
        Init.previous_warped: backward_warp(before.image, torch.from_numpy(scene.backward[1])).clamp(0, 1),
    }
    for name, start in starts.items():
        assert torch.equal(after.image, start) == (name is init)


def test_the_first_frame_starts_from_its_image_or_from_noise(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = still(1, WIDTH, HEIGHT)
    once = {"iterations": 1, "first_iterations": 0}
    assert torch.equal(painted(scene, network, grams, **once)[0].image, to_tensor(scene.frames[0]))
    noise, again = (painted(scene, network, grams, **once, init=Init.random)[0].image for _ in range(2))
    assert torch.equal(noise, again)
    assert abs(float(noise.mean()) - 0.5) < 0.02


def test_nothing_looks_back_across_a_cut(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    second = pan(2, WIDTH, HEIGHT, seed=4)
    both = painted(cut(still(2, WIDTH, HEIGHT), second), network, grams, iterations=5)
    alone = painted(second, network, grams, iterations=5)
    assert [frame.flowed.frame.shot for frame in both] == [0, 0, 1, 1]
    assert all(torch.equal(one.image, other.image) for one, other in zip(both[2:], alone, strict=True))


def test_what_was_hidden_for_a_frame_starts_from_how_it_was_painted_before(
    network: VggFeatures, grams: Mapping[str, Tensor]
) -> None:
    """The left half of the second of three frames was hidden; of two frames back it is said to be where it was."""
    frames = list(flowed(pan(3, WIDTH, HEIGHT, step=(3, 0))))
    left = torch.arange(WIDTH) < WIDTH // 2
    nearest = Motion(frames[2].motion.backward, (~left).float().expand(HEIGHT, -1).clone())
    further = Motion(torch.zeros(2, HEIGHT, WIDTH), torch.ones(HEIGHT, WIDTH), gap=2)
    hidden = FrameWithFlow(frames[2].frame, nearest, (further,))
    settings = Settings(
        consistency=ConsistencySettings(method=Method.ruder, iterations=1, lookback=(1, 2)),
        ruder=RuderSettings(first_iterations=5),
    )
    first, second, third = optimise_frames([*frames[:2], hidden], brush(network, grams, settings), settings, CPU)
    carried = backward_warp(second.image, nearest.backward).clamp(0, 1)
    assert torch.equal(third.image, torch.where(left, first.image, carried))
    assert not torch.equal(first.image, carried)


def test_the_terms_of_a_frame_are_those_of_its_result(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = still(2, WIDTH, HEIGHT)
    first, second = painted(scene, network, grams)
    goal = Targets(compute_targets(network, first.naive[None]).content, grams)
    of_network = compute_losses(network, second.image[None], goal)
    steps = [second.image.diff(dim=axis).square().sum() for axis in (1, 2)]
    expected = {
        "content": 45 * float(of_network.content),
        "style": 900 * float(of_network.style),
        "smooth": 1500 * 255**2 * float(sum(steps)) / second.image.numel(),
        "temporal": 9000 * 255**2 * float((second.image - first.image).square().mean()),
    }
    assert dict(second.losses) == pytest.approx(expected, rel=0.05)  # the result is clamped after it was measured
    assert first.losses["temporal"] == 0
