"""The demo film: its frames, its cuts, its true motion, and its file."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.errors import OutputError, SettingsError
from streamstyle.frames import Frame
from streamstyle.settings import FlowPreset
from streamstyle.stages.flow import estimate_motion
from streamstyle.stages.shots import number_shots
from tools.demo_film import FRAME_RATE, cuts, demo_frames, frame_count, render_demo, true_motion
from tools.demo_film.film import TrueMotion
from tools.demo_film.sound import RATE, soundtrack

SMALL = (192, 108)
SHORT = 0.6


@cache
def frames() -> list[NDArray[np.uint8]]:
    return list(demo_frames(*SMALL, SHORT))


def motion(index: int, gap: int = 1) -> TrueMotion:
    known = true_motion(index, *SMALL, SHORT, gap)
    assert known is not None
    return known


def warp(image: NDArray[np.uint8], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    y, x = np.mgrid[: flow.shape[1], : flow.shape[2]].astype(np.float32)
    return cv2.remap(image.astype(np.float32), x + flow[0], y + flow[1], cv2.INTER_CUBIC)


def difference(first: NDArray[np.float32], second: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    return float(np.abs(first - second).mean(-1)[where].mean())


def test_the_film_has_125_frames_of_480x270() -> None:
    assert frame_count() == 125
    assert next(iter(demo_frames())).shape == (270, 480, 3)


def test_rendering_is_deterministic() -> None:
    again = list(demo_frames(*SMALL, SHORT))
    assert len(again) == len(frames()) == 15
    assert all(np.array_equal(first, second) for first, second in zip(frames(), again, strict=True))


def test_there_is_a_hard_cut_after_three_fifths() -> None:
    assert cuts(5.0) == [75]
    assert cuts(SHORT) == [9]
    changes = [
        float(np.abs(later.astype(float) - earlier).mean())
        for earlier, later in zip(frames()[:-1], frames()[1:], strict=True)
    ]
    assert int(np.argmax(changes)) == 8
    assert changes[8] > 2.5 * sorted(changes)[-2]


def test_a_longer_film_repeats_after_five_seconds() -> None:
    assert cuts(10.0) == [75, 125, 200]
    assert frame_count(10.0) == 250


def test_there_is_no_motion_across_the_cut_or_before_the_first_frame() -> None:
    assert true_motion(0, *SMALL, SHORT) is None
    assert true_motion(9, *SMALL, SHORT) is None
    assert true_motion(10, *SMALL, SHORT) is not None
    assert true_motion(10, *SMALL, SHORT, gap=2) is None


@pytest.mark.parametrize("index", [4, 8, 12])
def test_the_true_flow_warps_a_frame_to_the_next(index: int) -> None:
    """The warped frame fits in regions that are not disoccluded, and only there."""
    known = motion(index)
    warped = warp(frames()[index - 1], known.backward)
    visible = ~known.disoccluded
    fits = difference(warped, frames()[index], visible)
    assert fits < 0.5 * difference(frames()[index - 1].astype(np.float32), frames()[index], visible)
    assert difference(warped, frames()[index], known.disoccluded) > 4 * fits


@pytest.mark.parametrize("index", [5, 13])
def test_forward_and_backward_flow_cancel(index: int) -> None:
    """The forward flow at the target of the backward flow is its negative, away from edges."""
    known = motion(index)
    forward = warp(np.moveaxis(known.forward, 0, -1), known.backward)
    inside = cv2.erode((~known.disoccluded).astype(np.uint8), np.ones((9, 9)), borderValue=0).astype(bool)
    inside &= cv2.dilate(edges(known.forward) | edges(known.backward), np.ones((9, 9))) == 0
    round_trip = np.hypot(forward[..., 0] + known.backward[0], forward[..., 1] + known.backward[1])
    assert inside.mean() > 0.2
    assert round_trip[inside].max() < 0.02


def edges(flow: NDArray[np.float32]) -> NDArray[np.uint8]:
    steps = np.abs(np.diff(flow, axis=1, prepend=flow[:, :1])) + np.abs(np.diff(flow, axis=2, prepend=flow[:, :, :1]))
    return (steps.max(0) > 0.015).astype(np.uint8)


def test_the_boat_sails_right_and_the_birch_passes_left() -> None:
    """At 480x270 the boat moves 1.05 pixels a frame and the birch 2.3."""
    known = true_motion(40, seconds=5.0)
    assert known is not None
    u, v = known.backward
    sail, trunk = (slice(130, 150), slice(167, 175)), (slice(190, 200), slice(399, 403))
    assert np.allclose(u[sail], -1.05, atol=0.1)
    assert np.allclose(u[trunk], 2.3, atol=1e-3)
    assert np.allclose(v[trunk], 0, atol=1e-3)
    assert 0.01 < known.disoccluded.mean() < 0.08


def test_the_birch_disoccludes_pixels_on_its_right() -> None:
    """It moves 2.3 pixels to the left, so a strip of about that width appears to the right of its trunk."""
    known = true_motion(40, seconds=5.0)
    assert known is not None
    beside = known.disoccluded[170:210, 395:415]
    assert 1.5 < beside.sum(1).mean() < 3.0
    trunk = np.isclose(known.backward[0, 170:210, 395:415], 2.3, atol=1e-3)
    for row, covers in zip(beside, trunk, strict=True):
        assert np.flatnonzero(row).min() > np.flatnonzero(covers).max() - 1


def test_motion_over_ten_frames_is_ten_times_as_large() -> None:
    one, ten = true_motion(40), true_motion(40, gap=10)
    assert one is not None
    assert ten is not None
    sky = (slice(5, 25), slice(150, 200))
    assert np.allclose(ten.backward[0][sky], 10 * one.backward[0][sky], rtol=1e-3)
    assert ten.disoccluded.mean() > 2 * one.disoccluded.mean()


def test_the_cut_is_detected() -> None:
    rendered = (Frame(image, index, index) for index, image in enumerate(demo_frames(*SMALL)))
    shots = [frame.shot for frame in number_shots(rendered)]
    assert shots == [0] * 75 + [1] * 50


def test_the_fast_flow_is_within_half_a_pixel_of_the_true_motion() -> None:
    """On average, over the pixels that are not disoccluded."""
    known = true_motion(40)
    assert known is not None
    film = list(islice(demo_frames(), 39, 41))
    found = estimate_motion(*film, FlowPreset.fast)
    off = np.hypot(*(found.backward.numpy() - known.backward))
    trusted = found.weight.numpy() > 0.5
    assert off[~known.disoccluded].mean() < 0.5
    assert trusted[~known.disoccluded].mean() > 0.8


def test_another_aspect_ratio_crops_the_frame() -> None:
    square = next(iter(demo_frames(108, 108, SHORT)))
    middle = frames()[0][:, 42:150]
    assert np.abs(square.astype(float) - middle).mean() < 1.0


def test_the_file_has_all_frames_with_times_colour_and_sound(tmp_path: Path) -> None:
    path = tmp_path / "landscape.mkv"
    render_demo(path, *SMALL, SHORT)
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        decoded = list(container.decode(video))
        assert (video.width, video.height, video.average_rate) == (*SMALL, Fraction(FRAME_RATE))
        assert [float(frame.time) for frame in decoded] == pytest.approx([i / FRAME_RATE for i in range(15)], abs=1e-3)
        context = video.codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 6, 1)
        assert (audio.rate, audio.channels) == (RATE, 2)
    assert [entry.name for entry in tmp_path.iterdir()] == ["landscape.mkv"]
    for frame, rendered in zip(decoded, frames(), strict=True):
        assert np.abs(frame.to_ndarray(format="rgb24").astype(float) - rendered).mean() < 6


def test_the_sound_is_as_long_as_the_video(tmp_path: Path) -> None:
    path = tmp_path / "landscape.mp4"
    render_demo(path, *SMALL, 1.0)
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert abs(samples.shape[1] - RATE) <= 2 * 1024
    assert 0.02 < samples.std() < 0.5


def test_the_tune_is_in_both_channels_and_fades_out() -> None:
    sound = soundtrack(5.0)
    assert sound.shape == (2, 5 * RATE)
    assert np.abs(sound).max() == pytest.approx(0.6)
    assert np.abs(sound[:, -100:]).max() < 1e-3
    assert (sound.std(axis=1) > 0.05).all()
    assert not np.array_equal(sound[0], sound[1])
    assert np.array_equal(soundtrack(12.0)[:, : 4 * RATE], sound[:, : 4 * RATE])


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        render_demo(tmp_path / "nowhere" / "landscape.mkv", 96, 54, 0.2)
    assert list(tmp_path.iterdir()) == []


def test_an_odd_side_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="95x54"):
        render_demo(tmp_path / "landscape.mkv", 95, 54)
