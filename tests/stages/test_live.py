"""Method live on scenes whose frames are stylised with texture that changes from frame to frame."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.ops.contrast import fade_with_contrast
from streamstyle.ops.filters import gaussian_blur
from streamstyle.ops.image import to_tensor
from streamstyle.ops.warp import backward_warp
from streamstyle.settings import ConsistencySettings
from streamstyle.stages.live import live
from tests.scenes import Scene, cut, dissolve, fade, flash, grain, moving_square, pan, still

pytestmark = pytest.mark.usefixtures("_with_each_backend")

SETTINGS = ConsistencySettings()


def stylised(scene: Scene, lookback: Sequence[int] = (), brighten: float = 0.0) -> Iterator[StylisedFrame]:
    """The frames with noise on them, ever brighter, and their true motion."""
    generator = torch.Generator().manual_seed(5)
    shot = 0
    for index, picture in enumerate(scene.frames):
        shot = max(start for start in (0, *scene.cuts) if start <= index)
        image = to_tensor(picture)
        noisy = image + 0.1 * torch.randn(image.shape, generator=generator) + brighten * index
        motion = None if index == shot else _motion(scene, index)
        earlier = tuple(_still_motion(scene, gap) for gap in lookback if gap <= index - shot)
        frame = Frame(picture, pts=index, index=index, shot=scene.cuts.index(shot) + 1 if shot else 0)
        yield StylisedFrame(FrameWithFlow(frame, motion, earlier), noisy.clamp(0, 1), per_frame=noisy.clamp(0, 1))


def _motion(scene: Scene, index: int) -> Motion:
    weight = torch.from_numpy(~scene.uncovered[index]).float()
    return Motion(torch.from_numpy(scene.backward[index]), weight)


def _still_motion(scene: Scene, gap: int) -> Motion:
    height, width = scene.frames.shape[1:3]
    return Motion(torch.zeros(2, height, width), torch.ones(height, width), gap)


def outputs(frames: Iterator[StylisedFrame], settings: ConsistencySettings = SETTINGS) -> list[Tensor]:
    return [frame.image for frame in live(frames, settings)]


def warping_error(images: Sequence[Tensor], scene: Scene) -> float:
    """Mean squared difference from each frame to the next along the true motion.

    The first three are left out, and eight pixels at the sides, where blur sees what a pan uncovers.
    """
    errors = []
    for index in range(4, len(images)):
        warped = backward_warp(images[index - 1], torch.from_numpy(scene.backward[index]))
        seen = ~torch.from_numpy(scene.uncovered[index])
        seen[:, :8] = seen[:, -8:] = False
        errors.append((images[index] - warped)[:, seen].square().mean())
    return float(torch.stack(errors).mean())


def contrast(image: Tensor) -> float:
    """Root mean square of what is finer than two pixels."""
    return float((image - gaussian_blur(image, 2.0)).square().mean().sqrt())


@pytest.mark.parametrize("scene", [still(20), pan(20), moving_square(20)], ids=["still", "pan", "square"])
def test_a_film_is_steadier_and_as_sharp(scene: Scene) -> None:
    alone = [frame.image for frame in stylised(scene)]
    carried = outputs(stylised(scene))
    assert warping_error(carried, scene) < 0.1 * warping_error(alone, scene)
    assert contrast(carried[-1]) > 0.85 * contrast(alone[-1])  # of their mean it would be a fifth


def test_the_first_frame_of_a_shot_is_left_as_it_is() -> None:
    scene = cut(pan(5), pan(5, seed=4))
    frames = list(stylised(scene))
    carried = outputs(iter(frames))
    for index in (0, 5):
        assert torch.equal(carried[index], frames[index].image)
    assert not torch.equal(carried[6], frames[6].image)
    fresh = outputs(iter(frames[5:]))
    assert all(torch.equal(one, other) for one, other in zip(carried[5:], fresh, strict=True))


def test_what_a_square_uncovers_shows_its_own_stylisation() -> None:
    scene = moving_square(6, step=(4, 0))
    frames = list(stylised(scene))
    uncovered = torch.from_numpy(scene.uncovered[5])
    difference = outputs(iter(frames))[5] - frames[5].image
    assert difference[:, uncovered].abs().mean() < 0.02
    assert difference[:, ~uncovered].abs().mean() > 0.05


def test_a_ghost_of_wrong_flow_is_not_carried() -> None:
    """A black square that appears out of nothing while the flow claims that nothing moved."""
    scene = still(6)
    scene.frames[5, 20:44, 40:64] = 0
    frames = list(stylised(scene))
    difference = (outputs(iter(frames))[5] - frames[5].image).abs().mean(0)
    assert difference[24:40, 44:60].mean() < 0.3 * difference[:, :32].mean()


def test_falling_snow_is_seen() -> None:
    """Flakes of 2x2 pixels, which no flow follows, over a scene that stands still."""
    scene, flakes = still(12), np.zeros((12, 64, 96), bool)
    for index, flake in np.ndindex(12, 8):
        row, column = (7 * flake + 3 * index) % 60, 11 * flake + 3
        flakes[index, row : row + 2, column : column + 2] = True
    scene.frames[:] //= 2
    scene.frames[flakes] += 100
    frames = list(stylised(scene))
    shown = torch.stack(outputs(iter(frames))[4:]).mean(1)
    alone = torch.stack([frame.image for frame in frames[4:]]).mean(1)
    here, before = torch.from_numpy(flakes[4:]), torch.from_numpy(flakes[3:-1] & ~flakes[4:])
    snow, trail = (alone[where].mean() - shown[where].mean() for where in (here, before))
    assert snow.abs() < 0.04  # of 0.39; where only the flow is asked, 0.28 are lost
    assert trail.abs() < 0.02


def test_flow_that_stretches_does_not_smear() -> None:
    """A fast pan over what is even, with flow that, in the middle, spreads 8 columns over 24."""
    scene = pan(6, step=(8, 0))
    scene.frames[:] = 128
    frames = list(stylised(scene))
    motion = frames[5].flowed.motion
    assert motion is not None
    motion.backward[0, :, 36:60] -= torch.arange(24) * 2 / 3
    motion.backward[0, :, 60:] -= 16
    middle = outputs(iter(frames))[5][:, :, 40:56]
    along, across = (middle.diff(dim=side).square().mean() for side in (2, 1))
    assert along > 0.8 * across  # drawn out into strokes, it is a third


@pytest.mark.parametrize("lit", [2, 6], ids=["flash", "lasting light"])
def test_after_a_flash_the_painting_goes_on(lit: int) -> None:
    scene = still(16)
    frames = list(stylised(scene))
    undisturbed = outputs(iter(frames))
    bright = flash(scene, 6, 5 + lit)
    shown = outputs(with_frames(frames, bright))
    flashed = [with_light(frame.image) for frame in frames[6:8]]
    assert all(torch.equal(one, other) for one, other in zip(shown[6:8], flashed, strict=True)), "a flash is shown"
    after = (shown[12] - undisturbed[12]).square().mean().sqrt()
    alone = (frames[12].image - undisturbed[12]).square().mean().sqrt()
    assert after < 0.1 * alone if lit == 2 else after > 0.3 * alone


def test_a_flash_survives_an_interruption() -> None:
    scene = still(12)
    frames = list(with_frames(list(stylised(scene)), flash(scene, 4, 6)))
    whole = list(live(iter(frames), SETTINGS))
    resumed = list(live(iter(frames[6:]), SETTINGS, whole[5].feedback))
    for frame, expected in zip(resumed, whole[6:], strict=True):
        assert torch.equal(frame.image, expected.image)


def test_a_dissolve_leaves_no_ghost_of_the_first_painting() -> None:
    first, other = still(30, 192, 128), still(30, 192, 128, seed=9)
    scene = dissolve(first, other, 6, 18)
    carried, expected = outputs(stylised(scene))[24], to_tensor(scene.frames[24])
    ghost = to_tensor(first.frames[24]) - expected
    share = ((carried - expected) * ghost).sum() / ghost.square().sum()
    assert share < 0.03  # 0.1 where only the flow is asked


def test_a_fade_is_one_of_the_painting() -> None:
    """The network stylises a dark frame as it does a bright one, and its stylisation is faded afterwards."""
    scene = still(24)
    frames, faded = list(stylised(scene)), fade(scene, 4, 23)
    shown, undisturbed = outputs(with_frames(frames, faded, fade_with_contrast)), outputs(iter(frames))
    for index in (18, 21, 23):
        expected = fade_with_contrast(undisturbed[index], to_tensor(faded.frames[index]))
        assert (shown[index] - expected).abs().mean() < 0.01
    assert shown[23].std() < 0.5 * undisturbed[23].std()


def test_grain_does_not_boil() -> None:
    scene = grain(pan(20))
    assert warping_error(outputs(stylised(scene)), scene) < 0.1 * warping_error(
        [frame.image for frame in stylised(scene)], scene
    )


def with_light(image: Tensor, source: Tensor | None = None) -> Tensor:
    return (1.4 * image + 0.1).clamp(0, 1)


def with_frames(
    frames: Sequence[StylisedFrame], scene: Scene, change: Callable[[Tensor, Tensor], Tensor] = with_light
) -> Iterator[StylisedFrame]:
    """The frames with the pictures of another scene; where these are other ones, the stylised ones are changed, too."""
    for frame, picture in zip(frames, scene.frames, strict=True):
        image = frame.image
        if not np.array_equal(picture, frame.flowed.frame.image):
            image = change(image, to_tensor(picture))
        flowed = replace(frame.flowed, frame=replace(frame.flowed.frame, image=picture))
        yield StylisedFrame(flowed, image, per_frame=image)


def test_tone_follows_the_light() -> None:
    scene = still(20)
    frames = list(stylised(scene, brighten=0.01))
    lag = (frames[-1].image - outputs(iter(frames))[-1]).mean()
    assert 0 <= lag < 0.03  # the mean of the carried frames alone would lag by 0.1


@pytest.mark.parametrize("after", [1, 18, 33])
@pytest.mark.parametrize("lookback", [(1,), (1, 3)])
def test_a_resumed_film_is_the_same_bit_for_bit(after: int, lookback: tuple[int, ...]) -> None:
    settings = ConsistencySettings(lookback=lookback)
    frames = list(stylised(still(36), lookback[1:]))
    whole = list(live(iter(frames), settings))
    resumed = list(live(iter(frames[after:]), settings, whole[after - 1].feedback))
    for frame, expected in zip(resumed, whole[after:], strict=True):
        assert torch.equal(frame.image, expected.image)


def test_the_feedback_is_that_of_the_lookback() -> None:
    frames = list(live(stylised(still(6), (3,)), ConsistencySettings(lookback=(1, 3))))
    assert sorted(frames[0].feedback) == ["age", "flash", "layers.00", "light"]
    assert sorted(frames[-1].feedback) == ["age", "flash", "gain", "layers.00", "layers.01", "layers.02", "light"]
    assert frames[-1].feedback["age"] == 5


def test_what_was_covered_for_a_while_is_found_further_back() -> None:
    scene = still(6)
    scene.frames[4, 20:44, 40:64] = 255 - scene.frames[4, 20:44, 40:64]
    inner = (slice(None), slice(24, 40), slice(44, 60))
    changes = []
    for lookback in ((1,), (1, 2)):
        frames = list(stylised(scene, lookback[1:]))
        motion = frames[5].flowed.motion
        assert motion is not None
        motion.weight[20:44, 40:64] = 0
        carried = outputs(iter(frames), ConsistencySettings(lookback=lookback))
        changes.append(float((carried[5] - carried[3])[inner].square().mean()))
    assert changes[1] < 0.2 * changes[0]


def test_steadier_settings_give_steadier_films() -> None:
    scene = pan(40, step=(1, 0))
    errors = [
        warping_error(outputs(stylised(scene), ConsistencySettings(steadiness=steadiness)), scene)
        for steadiness in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 3 * errors[-1]


def test_explicit_weights_override_the_steadiness() -> None:
    settings = ConsistencySettings(steadiness=0.9, pixel_weight=691)
    assert (settings.effective_temporal_weight, settings.effective_pixel_weight) == (9000, 691)
    assert ConsistencySettings(steadiness=0.9).effective_pixel_weight < 300


def test_per_frame_is_left_unchanged() -> None:
    for frame, expected in zip(live(stylised(pan(4)), SETTINGS), stylised(pan(4)), strict=True):
        assert torch.equal(frame.per_frame, expected.image)
        assert dict(frame.losses) == {}
