"""A pan over a texture, one frame of which was painted by making it negative; the network makes everything grey."""

from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from streamstyle.frames import Frame, FrameWithFlow, Motion, StylisedFrame
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.weights import load_style_net, save_weights, style_metadata
from streamstyle.ops.image import to_tensor
from streamstyle.settings import FlowPreset
from streamstyle.stages.carry_paintings import carry_paintings, painting_shares
from streamstyle.stages.flow import estimate_motion
from streamstyle.styles.painted_frames import PaintedFrame, pack_painted_frames, read_kept_frames
from streamstyle.styles.spec import BlendPart, StyleBlend, parse_style
from tests.scenes import Scene, cut, pan
from tests.video_io import mean_difference

GREY = 0.5


def paint(image: np.ndarray) -> np.ndarray:
    return 255 - image


def carried(scene: Scene, *keys: int, ticks_per_second: int = 25) -> list[StylisedFrame]:
    """The frames after the stage, with paintings of the frames `keys`."""
    frames = []
    for index, image in enumerate(scene.frames):
        motion = Motion(torch.zeros(2, *image.shape[:2]), torch.ones(image.shape[:2])) if index else None
        grey = torch.full((3, *image.shape[:2]), GREY)
        frames.append(StylisedFrame(FrameWithFlow(Frame(image, index, index), motion), grey, per_frame=grey))
    paintings = [PaintedFrame(key, scene.frames[key], paint(scene.frames[key])) for key in keys]
    by_flow = partial(estimate_motion, preset=FlowPreset.medium)
    return list(carry_paintings(frames, paintings, Fraction(1, ticks_per_second), by_flow))


def test_a_key_frame_is_its_painting() -> None:
    scene = pan(frames=3)
    frame = carried(scene, 1)[1]
    np.testing.assert_allclose(frame.image, to_tensor(paint(scene.frames[1])), atol=1e-6)
    assert frame.per_frame is frame.image
    assert frame.flowed.motion is not None
    assert float(frame.flowed.motion.weight.max()) == 0, "nothing is carried from the frame before"


def test_the_painting_moves_with_the_scene_before_and_after_its_frame() -> None:
    scene = pan(frames=7, step=(2, 0))
    frames = carried(scene, 3)
    for index in (0, 6):
        middle = (slice(8, -8), slice(16, -16))
        image = (255 * frames[index].image.permute(1, 2, 0)).round().byte().numpy()
        assert mean_difference(image[middle], paint(scene.frames[index])[middle]) < 6


def test_what_the_key_frame_does_not_show_stays_as_the_network_made_it() -> None:
    frames = carried(cut(pan(frames=3), pan(frames=3, seed=8)), 1)
    changes = [float((frame.image - GREY).abs().mean()) for frame in frames]
    assert min(changes[:3]) > 0.1
    assert max(changes[3:]) < 0.02


def test_far_from_the_key_frame_a_frame_is_left_alone() -> None:
    far = carried(pan(frames=6), 0, ticks_per_second=2)[4:]
    for frame in far:
        assert float((frame.image - GREY).abs().max()) == 0
        assert frame.flowed.motion is not None
        assert float(frame.flowed.motion.weight.min()) == 1


def test_a_painting_of_another_size_is_left_out() -> None:
    scene = pan(frames=2)
    small = PaintedFrame(0, scene.frames[0][::2, ::2], paint(scene.frames[0][::2, ::2]))
    grey = torch.full((3, 64, 96), GREY)
    frame = StylisedFrame(FrameWithFlow(Frame(scene.frames[0], 0, 0), None), grey, per_frame=grey)
    assert list(
        carry_paintings([frame], [small], Fraction(1, 25), partial(estimate_motion, preset=FlowPreset.fast))
    ) == [frame]


@pytest.mark.parametrize("times", [[0.0, 0.5], [0.0, 1.5], [0.0, 30.0]])
def test_two_paintings_fade_into_each_other(times: list[float]) -> None:
    assert painting_shares(times, 0.0) == {0: 1.0}
    assert painting_shares(times, times[1]) == {1: 1.0}
    steps = [painting_shares(times, times[1] * step / 1000) for step in range(1001)]
    assert all(sum(shares.values()) < 1 + 1e-9 for shares in steps)
    for index in (0, 1):
        course = np.array([shares.get(index, 0.0) for shares in steps])
        assert np.abs(np.diff(course)).max() < 0.06, "no jump"
        assert (np.diff(course) <= 1e-9).all() if index == 0 else (np.diff(course) >= -1e-9).all()


def test_key_frames_are_kept_in_the_weights_file(tmp_path: Path) -> None:
    network, scene = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True)), pan(frames=2)
    painted = [PaintedFrame(tick, image, paint(image)) for tick, image in zip((7, 90), scene.frames, strict=True)]
    pixels, times = pack_painted_frames(painted)
    path = tmp_path / "learned.safetensors"
    save_weights(path, network, style_metadata(network, **times), images=pixels)
    load_style_net(path)
    kept = read_kept_frames(StyleBlend("learned", (BlendPart(path),)))
    assert [each.pts for each in kept] == [7, 90]
    for each, before in zip(kept, painted, strict=True):
        np.testing.assert_array_equal(each.image, before.image)
        np.testing.assert_array_equal(each.painting, before.painting)


def test_other_styles_have_no_key_frames() -> None:
    assert read_kept_frames(parse_style("wave")) == []
    assert read_kept_frames(parse_style("wave,the_scream")) == []
