"""Method ruder on a pan, a still scene and a cut; several passes; strength and colours."""

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.ops.image import to_tensor
from streamstyle.ops.luma import BT601
from streamstyle.ops.warp import backward_warp
from streamstyle.optimise.frame_optimiser import RuderOptimiser
from streamstyle.optimise.losses import Targets, compute_losses, compute_targets
from streamstyle.settings import ConsistencySettings, Init, Method, RuderSettings, Settings, StyleSettings
from streamstyle.stages import ruder
from streamstyle.stages.ruder import apply_strength, multi_pass, optimise_frames
from tests.scenes import Scene, cut, pan, still, texture

CPU = torch.device("cpu")
WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope="module")
def network() -> VggFeatures:
    return load_loss_network()


@pytest.fixture(scope="module")
def grams(network: VggFeatures) -> Mapping[str, Tensor]:
    """Of a style image in stripes of brick red and sand."""
    stripes = torch.tensor([[0.6, 0.6], [0.35, 0.5], [0.35, 0.4]]).repeat_interleave(4, 1).repeat(1, 12)
    return compute_targets(network, stripes[None, :, None, :].expand(1, 3, 96, 96).contiguous()).grams


def flowed(scene: Scene) -> Iterator[FrameWithFlow]:
    for index, picture in enumerate(scene.frames):
        shot = sum(index >= start for start in scene.cuts)
        frame = Frame(np.ascontiguousarray(picture), pts=index, index=index, shot=shot)
        weight = torch.from_numpy(1.0 - scene.uncovered[index]).float()
        motion = Motion(torch.from_numpy(scene.backward[index]), weight)
        yield FrameWithFlow(frame, None if index == 0 or index in scene.cuts else motion)


def optimised(
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
    return list(optimise_frames(flowed(scene), make_optimiser(network, grams, settings), settings, CPU))


def make_optimiser(network: VggFeatures, grams: Mapping[str, Tensor], settings: Settings) -> RuderOptimiser:
    return RuderOptimiser(network, grams, settings.ruder, settings.consistency.effective_temporal_weight)


def test_a_frame_gets_the_style_of_the_image_and_keeps_its_content(
    network: VggFeatures, grams: Mapping[str, Tensor]
) -> None:
    (result,) = optimised(still(1, WIDTH, HEIGHT), network, grams, content_weight=200.0)
    (all_style,) = optimised(still(1, WIDTH, HEIGHT), network, grams, content_weight=0.0)
    frame = to_tensor(still(1, WIDTH, HEIGHT).frames[0])
    goal = Targets(compute_targets(network, frame[None]).content, grams)
    plain, stylised, unconstrained = (
        compute_losses(network, image[None], goal) for image in (frame, result.image, all_style.image)
    )
    assert stylised.style < 0.1 * plain.style
    assert stylised.content < 0.7 * unconstrained.content
    assert float(result.image.min()) >= 0
    assert float(result.image.max()) <= 1


def test_a_still_scene_is_stylised_like_the_previous_frame(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = still(4, WIDTH, HEIGHT)
    steady = [frame.image for frame in optimised(scene, network, grams)]
    free = [frame.image for frame in optimised(scene, network, grams, temporal_weight=0.0, init=Init.random)]
    change, change_without = ((each[3] - each[2]).square().mean() for each in (steady, free))
    assert change < 0.02 * change_without


def test_steadier_settings_give_steadier_films(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = pan(4, WIDTH, HEIGHT, step=(2, 0))
    changes = []
    for steadiness in (0.0, 0.5, 1.0):
        weight = ConsistencySettings(method=Method.ruder, steadiness=steadiness).effective_temporal_weight
        images = [frame.image for frame in optimised(scene, network, grams, 10, weight, first_iterations=20)]
        seen = torch.from_numpy(~scene.uncovered[3])
        carried = backward_warp(images[2], torch.from_numpy(scene.backward[3]))
        changes.append(float((images[3] - carried)[:, seen].square().mean()))
    assert changes == sorted(changes, reverse=True)
    assert changes[0] > 2 * changes[-1]


def test_more_iterations_end_at_a_lower_loss(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = still(1, WIDTH, HEIGHT)
    sums = [
        sum(optimised(scene, network, grams, count, first_iterations=0)[0].losses.values()) for count in (2, 10, 40)
    ]
    assert sums[0] > sums[1] > sums[2]


@pytest.mark.parametrize("init", Init)
def test_init_chooses_what_a_frame_starts_from(init: Init, network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    """After a single evaluation a frame is still what it started from."""
    scene = pan(2, WIDTH, HEIGHT, step=(3, 0))
    before, after = optimised(scene, network, grams, iterations=1, init=init)
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
    assert torch.equal(optimised(scene, network, grams, **once)[0].image, to_tensor(scene.frames[0]))
    noise, again = (optimised(scene, network, grams, **once, init=Init.random)[0].image for _ in range(2))
    assert torch.equal(noise, again)
    assert abs(float(noise.mean()) - 0.5) < 0.02


def test_nothing_is_carried_across_a_cut(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    second = pan(2, WIDTH, HEIGHT, seed=4)
    both = optimised(cut(still(2, WIDTH, HEIGHT), second), network, grams, iterations=5)
    alone = optimised(second, network, grams, iterations=5)
    assert [frame.flowed.frame.shot for frame in both] == [0, 0, 1, 1]
    assert all(torch.equal(one.image, other.image) for one, other in zip(both[2:], alone, strict=True))


def test_lookback_gives_what_was_hidden_in_the_previous_frame(
    network: VggFeatures, grams: Mapping[str, Tensor]
) -> None:
    """The left half of the third frame was hidden in the second; two frames back it is where it is now."""
    frames = list(flowed(pan(3, WIDTH, HEIGHT, step=(3, 0))))
    left = torch.arange(WIDTH) < WIDTH // 2
    nearest = Motion(frames[2].motion.backward, (~left).float().expand(HEIGHT, -1).clone())
    further = Motion(torch.zeros(2, HEIGHT, WIDTH), torch.ones(HEIGHT, WIDTH), gap=2)
    hidden = FrameWithFlow(frames[2].frame, nearest, (further,))
    settings = Settings(
        consistency=ConsistencySettings(method=Method.ruder, iterations=1, lookback=(1, 2)),
        ruder=RuderSettings(first_iterations=5),
    )
    first, second, third = optimise_frames(
        [*frames[:2], hidden], make_optimiser(network, grams, settings), settings, CPU
    )
    carried = backward_warp(second.image, nearest.backward).clamp(0, 1)
    assert torch.equal(third.image, torch.where(left, first.image, carried))
    assert not torch.equal(first.image, carried)


def test_losses_of_a_frame_are_those_of_its_output(network: VggFeatures, grams: Mapping[str, Tensor]) -> None:
    scene = still(2, WIDTH, HEIGHT)
    first, second = optimised(scene, network, grams)
    goal = Targets(compute_targets(network, first.per_frame[None]).content, grams)
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


@pytest.fixture(scope="module")
def optimiser() -> RuderOptimiser:
    network = load_loss_network()
    grams = compute_targets(network, to_tensor(texture(96, 96, seed=8))[None]).grams
    return RuderOptimiser(network, grams, RuderSettings(), 9000.0)


def flickering(scene: Scene) -> Iterator[StylisedFrame]:
    """Frames of still shots, with noise that changes from frame to frame."""
    generator = torch.Generator().manual_seed(3)
    motion = Motion(torch.zeros(2, HEIGHT, WIDTH), torch.ones(HEIGHT, WIDTH))
    for index, picture in enumerate(scene.frames):
        known = None if index == 0 or index in scene.cuts else motion
        frame = Frame(np.ascontiguousarray(picture), pts=index, index=index)
        film = to_tensor(frame.image)
        noisy = (film + 0.1 * torch.randn(film.shape, generator=generator)).clamp(0, 1)
        yield StylisedFrame(FrameWithFlow(frame, known, reverse=known), noisy, per_frame=film)


def run_multi_pass(scene: Scene, optimiser: RuderOptimiser, passes: int, iterations: int = 3) -> list[Tensor]:
    settings = Settings(
        consistency=ConsistencySettings(method=Method.ruder, iterations=iterations), ruder=RuderSettings(passes=passes)
    )
    return [frame.image for frame in multi_pass(flickering(scene), optimiser, settings)]


def test_one_pass_changes_nothing(optimiser: RuderOptimiser) -> None:
    scene = still(3, WIDTH, HEIGHT)
    assert all(
        torch.equal(one, other.image)
        for one, other in zip(run_multi_pass(scene, optimiser, 1), flickering(scene), strict=True)
    )


def test_one_pass_yields_every_frame_at_once(optimiser: RuderOptimiser) -> None:
    endless = (next(flickering(still(1, WIDTH, HEIGHT))) for _ in iter(int, 1))
    assert next(multi_pass(endless, optimiser, Settings())).flowed.frame.index == 0


def test_a_backward_pass_brings_early_frames_nearer_to_late_ones(optimiser: RuderOptimiser) -> None:
    """After a backward pass the first frame is nearer to the last, which is unchanged."""
    scene = still(4, WIDTH, HEIGHT)
    once, twice = run_multi_pass(scene, optimiser, 1), run_multi_pass(scene, optimiser, 2, iterations=8)
    assert torch.equal(once[3], twice[3])
    assert (twice[0] - twice[3]).square().mean() < 0.7 * (once[0] - once[3]).square().mean()


def test_a_frame_of_a_later_pass_starts_half_from_its_neighbour(optimiser: RuderOptimiser) -> None:
    """After a single evaluation it is still what it started from."""
    once, twice = (run_multi_pass(still(2, WIDTH, HEIGHT), optimiser, passes, iterations=1) for passes in (1, 2))
    assert torch.allclose(twice[0], (once[0] + once[1]) / 2, atol=1e-6)


def test_each_pass_makes_a_still_video_steadier(optimiser: RuderOptimiser) -> None:
    flicker = [
        float(torch.stack(run_multi_pass(still(4, WIDTH, HEIGHT), optimiser, passes)).diff(dim=0).square().mean())
        for passes in (1, 2, 3)
    ]
    assert flicker[0] > flicker[1] > flicker[2]


def test_no_pass_crosses_a_cut(optimiser: RuderOptimiser) -> None:
    first, second = still(2, WIDTH, HEIGHT), still(2, WIDTH, HEIGHT, seed=4)
    both, other = (
        run_multi_pass(cut(first, second), optimiser, 3),
        run_multi_pass(cut(first, still(2, WIDTH, HEIGHT, seed=9)), optimiser, 3),
    )
    assert all(torch.equal(one, same) for one, same in zip(both[:2], other[:2], strict=True))


TWO_PASSES = Settings(consistency=ConsistencySettings(method=Method.ruder, iterations=8), ruder=RuderSettings(passes=2))


def test_a_long_shot_is_processed_in_chunks_held_to_the_one_before(
    optimiser: RuderOptimiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ruder, "MAX_CHUNK_BYTES", 0)  # two frames per chunk
    first_pass = [frame.image for frame in flickering(still(4, WIDTH, HEIGHT))]
    first, second, third, fourth = (
        frame.image for frame in multi_pass(flickering(still(4, WIDTH, HEIGHT)), optimiser, TWO_PASSES)
    )
    assert not torch.equal(first, first_pass[0])
    assert torch.equal(second, first_pass[1])
    assert (third - second).square().mean() < 0.5 * (first_pass[2] - first_pass[1]).square().mean()
    assert torch.equal(fourth, first_pass[3])


def test_only_one_chunk_is_in_memory_at_a_time(optimiser: RuderOptimiser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruder, "MAX_CHUNK_BYTES", 0)
    films: list[weakref.ref[Tensor]] = []
    held: list[int] = []

    def watched() -> Iterator[StylisedFrame]:
        for frame in flickering(still(6, WIDTH, HEIGHT)):
            held.append(sum(film() is not None for film in films))
            films.append(weakref.ref(frame.per_frame))
            yield frame

    for _ in multi_pass(watched(), optimiser, TWO_PASSES):
        pass
    assert max(held) <= 3  # a chunk, and the frame after it that showed its end


def test_multi_pass_without_reverse_motion_is_an_error(optimiser: RuderOptimiser) -> None:
    one_way = (
        replace(frame, flowed=replace(frame.flowed, reverse=None)) for frame in flickering(still(2, WIDTH, HEIGHT))
    )
    with pytest.raises(ValueError, match="both directions"):
        list(multi_pass(one_way, optimiser, TWO_PASSES))


def with_strength(settings: StyleSettings, brightness: float = 1.0) -> StylisedFrame:
    frame = FrameWithFlow(Frame((brightness * texture(32, 24)).astype(np.uint8), pts=0, index=0), None)
    stylised = to_tensor(np.ascontiguousarray(texture(32, 24, seed=3)))
    (result,) = apply_strength([StylisedFrame(frame, stylised, per_frame=stylised)], settings)
    return result


def test_strength_0_gives_the_source_and_strength_1_the_output() -> None:
    assert torch.equal(with_strength(StyleSettings()).image, with_strength(StyleSettings()).per_frame)
    assert torch.equal(with_strength(StyleSettings(strength=0)).image, to_tensor(texture(32, 24)))


def test_a_black_frame_stays_black() -> None:
    assert with_strength(StyleSettings(), brightness=0).image.max() == 0
    assert 0 < with_strength(StyleSettings(), brightness=0.1).image.max() < 0.8


def test_preserve_colour_takes_luma_of_the_output_and_source_colours() -> None:
    film, kept = to_tensor(texture(32, 24)) * 255, with_strength(StyleSettings(preserve_colour=True))
    luma = torch.tensor(BT601).view(3, 1, 1)
    inside = ((kept.image > 0) & (kept.image < 1)).all(0)
    change = kept.image * 255 - film
    assert torch.allclose(change[0][inside], change[2][inside], atol=1e-3)
    brightness = ((kept.image - kept.per_frame) * luma).sum(0)[inside]
    assert brightness.abs().max() < 1e-5
