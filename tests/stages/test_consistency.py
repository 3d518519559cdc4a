"""A flickering scene: the same in every frame, stylised a little differently each time."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.ops.image import LEVELS_SQUARED
from streamstyle.ops.temporal import temporal_term
from streamstyle.ops.warp import backward_warp
from streamstyle.optimise.losses import compute_losses, compute_targets
from streamstyle.settings import ConsistencySettings, Method
from streamstyle.stages.consistency import consistency

pytestmark = pytest.mark.usefixtures("_with_each_backend")

HEIGHT, WIDTH = 48, 64
LIVE = ConsistencySettings(method=Method.live)


@pytest.fixture(scope="module")
def network() -> VggFeatures:
    return load_loss_network()


def scene() -> Tensor:
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 3, 7, 9, generator=generator)
    return torch.nn.functional.interpolate(coarse, (HEIGHT, WIDTH), mode="bicubic")[0].clamp(0.1, 0.9)


def flickering(count: int, *, step: int = 0, cut_at: int | None = None, noise: float = 0.05) -> Iterator[StylisedFrame]:
    """A pan by `step` pixels a frame to the left, with noise that changes from frame to frame."""
    generator = torch.Generator().manual_seed(5)
    flow = torch.zeros(2, HEIGHT, WIDTH)
    flow[0] = step
    weight = torch.ones(HEIGHT, WIDTH)
    if step:
        weight[:, -step:] = 0
    for index in range(count):
        source = Frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8), pts=index, index=index)
        motion = None if index in {0, cut_at} else Motion(flow, weight)
        picture = scene().roll(-step * index, 2) if cut_at is None or index < cut_at else 1 - scene()
        stylised = picture + noise * torch.randn(3, HEIGHT, WIDTH, generator=generator)
        yield StylisedFrame(FrameWithFlow(source, motion), stylised.clamp(0, 1), per_frame=stylised.clamp(0, 1))


SQUARE, STEP = 12, 4
"""Width of a square and its step per frame in pixels: it covers a place for three frames."""


def passing_square(count: int, lookback: tuple[int, ...]) -> Iterator[StylisedFrame]:
    """A square passes in front of the scene; with noise that changes from frame to frame."""
    generator = torch.Generator().manual_seed(6)
    for index in range(count):
        picture = torch.where(under_square(index), 0.9, scene())
        motions = tuple(_motion_of_square(index, gap) for gap in lookback if gap <= index)
        source = Frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8), pts=index, index=index)
        stylised = (picture + 0.05 * torch.randn(3, HEIGHT, WIDTH, generator=generator)).clamp(0, 1)
        yield StylisedFrame(FrameWithFlow(source, next(iter(motions), None), motions[1:]), stylised, per_frame=stylised)


def under_square(index: int) -> Tensor:
    covered = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
    covered[16:32, STEP * index : STEP * index + SQUARE] = True
    return covered


def _motion_of_square(index: int, gap: int) -> Motion:
    backward = torch.zeros(2, HEIGHT, WIDTH)
    backward[0, under_square(index)] = -STEP * gap
    uncovered = under_square(index - gap) & ~under_square(index)
    return Motion(backward, (~uncovered).float(), gap)


def flicker(frames: list[Tensor]) -> float:
    """Mean squared change from one frame of a still film to the next, the first three left out."""
    return float(torch.stack(frames[3:]).diff(dim=0).square().mean())


@pytest.mark.parametrize("method", [Method.live, Method.consistent])
def test_a_still_scene_stops_flickering(method: Method, network: VggFeatures) -> None:
    settings = ConsistencySettings(method=method, iterations=10)
    outputs = [
        frame.image for frame in consistency(flickering(8), settings, network if method is Method.consistent else None)
    ]
    assert flicker(outputs) < 0.05 * flicker([frame.image for frame in flickering(8)])


def test_frames_without_motion_are_left_unchanged() -> None:
    settings = ConsistencySettings(method=Method.johnson)
    alone = (replace(frame, flowed=FrameWithFlow(frame.flowed.frame, None)) for frame in flickering(3))
    for frame, stylised in zip(consistency(alone, settings, None), flickering(3), strict=True):
        assert torch.equal(frame.image, stylised.image)


def test_nothing_is_carried_across_a_cut() -> None:
    stylised = list(flickering(6, cut_at=4))
    outputs = list(consistency(iter(stylised), LIVE, None))
    assert torch.equal(outputs[4].image, stylised[4].image)
    assert not torch.equal(outputs[5].image, stylised[5].image)


def test_what_a_pan_uncovers_shows_its_own_stylisation() -> None:
    stylised = list(flickering(3, step=2))
    outputs = list(consistency(iter(stylised), LIVE, None))
    assert torch.allclose(outputs[1].image[..., -2:], stylised[1].image[..., -2:])


def test_strokes_move_with_the_scene() -> None:
    outputs = list(consistency(flickering(6, step=2), LIVE, None))
    travelled = outputs[4].image[..., 2:-2] - outputs[5].image[..., :-4]
    standing = outputs[4].image - outputs[5].image
    assert travelled.square().mean() < 0.05 * standing.square().mean()


@pytest.mark.parametrize("method", [Method.live, Method.consistent])
def test_lookback_restores_what_a_square_covered_for_a_while(method: Method, network: VggFeatures) -> None:
    changes = []
    for lookback in ((1,), (1, 2, 4)):
        settings = ConsistencySettings(method=method, iterations=5, lookback=lookback)
        stylised = passing_square(9, lookback)
        outputs = [
            frame.image for frame in consistency(stylised, settings, network if method is not LIVE.method else None)
        ]
        uncovered = under_square(7) & ~under_square(8)
        changes.append(float((outputs[8] - outputs[4])[:, uncovered].square().mean()))
    assert changes[1] < 0.1 * changes[0]


def test_lookback_changes_nothing_in_a_still_video() -> None:
    def looks_back(stylised: StylisedFrame, index: int) -> StylisedFrame:
        motion = stylised.flowed.motion
        earlier = tuple(replace(motion, gap=gap) for gap in (2, 4) if motion is not None and gap <= index)
        return replace(stylised, flowed=replace(stylised.flowed, lookback=earlier))

    further = [looks_back(stylised, index) for index, stylised in enumerate(flickering(6))]
    assert [len(stylised.flowed.motions) for stylised in further] == [0, 1, 2, 2, 3, 3]
    outputs = consistency(further, replace(LIVE, lookback=(1, 2, 4)), None)
    for one, other in zip(consistency(flickering(6), LIVE, None), outputs, strict=True):
        assert torch.equal(one.image, other.image)


def test_iterations_lower_the_network_losses(network: VggFeatures) -> None:
    stylised = list(flickering(3, step=1))[:3]
    distances = []
    for iterations in (0, 5, 15):
        settings = ConsistencySettings(method=Method.consistent, iterations=iterations)
        last = list(consistency(iter(stylised), settings, network))[-1]
        losses = compute_losses(network, last.image[None], compute_targets(network, stylised[-1].image[None]))
        distances.append(30 * losses.content + 8 * losses.style)
    assert distances[0] > distances[1] > distances[2]


def test_no_iterations_give_the_exact_minimiser(network: VggFeatures) -> None:
    none = consistency(flickering(3), ConsistencySettings(method=Method.consistent, iterations=0), network)
    live = consistency(flickering(3), LIVE, None)
    assert all(torch.equal(one.image, other.image) for one, other in zip(none, live, strict=True))


def test_a_lower_pixel_weight_is_steadier() -> None:
    flickers = [
        flicker(
            [
                frame.image
                for frame in consistency(flickering(8), ConsistencySettings(method=Method.live, pixel_weight=w), None)
            ]
        )
        for w in (0.0, 691.0, 9000.0)
    ]
    assert flickers[0] < flickers[1] < flickers[2]


def test_steadier_settings_give_steadier_films(network: VggFeatures) -> None:
    flickers = []
    for steadiness in (0.0, 0.5, 1.0):
        settings = ConsistencySettings(method=Method.consistent, iterations=5, steadiness=steadiness)
        flickers.append(flicker([frame.image for frame in consistency(flickering(6), settings, network)]))
    assert flickers == sorted(flickers, reverse=True)
    assert flickers[0] > 3 * flickers[-1]


def test_per_frame_is_left_unchanged() -> None:
    for outputs, stylised in zip(consistency(flickering(4), LIVE, None), flickering(4), strict=True):
        assert torch.equal(outputs.per_frame, stylised.image)


def test_losses_of_a_frame_are_those_of_its_output(network: VggFeatures) -> None:
    settings = ConsistencySettings(method=Method.consistent, iterations=6)
    before, after = list(consistency(flickering(2, step=1), settings, network))
    assert before.losses == {}
    motion = after.flowed.motion
    assert motion is not None
    carried = backward_warp(before.image, motion.backward)
    of_network = compute_losses(network, after.image[None], compute_targets(network, after.per_frame[None]))
    expected = {
        "perceptual": settings.perceptual_weight * float(of_network.content),
        "style": settings.style_weight * float(of_network.style),
        "temporal": settings.effective_temporal_weight
        * LEVELS_SQUARED
        * float((motion.weight * (after.image - carried).square()).mean()),
        "pixel": settings.effective_pixel_weight
        * LEVELS_SQUARED
        * float((after.image - after.per_frame).square().mean()),
    }
    found = dict(after.losses)
    tv = found.pop("tv")
    assert found == pytest.approx(expected, rel=2e-3)  # the result is clamped to [0, 1] after it was measured
    weights = settings.effective_temporal_weight, settings.effective_pixel_weight, settings.tv_weight
    term = temporal_term(carried, after.per_frame, motion.weight, *weights)
    quadratic = found["temporal"] + found["pixel"] + tv
    assert quadratic == pytest.approx(float(term.loss_and_gradient(after.image)[0]), rel=2e-3)


def test_without_optimisation_there_are_no_losses() -> None:
    assert [dict(frame.losses) for frame in consistency(flickering(3), LIVE, None)] == [{}, {}, {}]


def test_tone_follows_the_light() -> None:
    """A still scene gets lighter by a tenth. With --tone, three tenths less of it are missing."""
    first, second = list(flickering(2, noise=0.0))
    lighter = replace(second, image=second.image + 0.1, per_frame=second.per_frame + 0.1)
    lags = []
    for tone in (False, True):
        settings = ConsistencySettings(method=Method.consistent, iterations=0, tone=tone)
        output = list(consistency(iter([first, lighter]), settings, None))[-1]
        lags.append(float((lighter.per_frame - output.image).mean()))
    assert lags[0] == pytest.approx(0.1 * 9000 / 9691, rel=0.01)
    assert lags[1] == pytest.approx(0.7 * lags[0], rel=0.01)
