"""Cuts are found, and what is not a cut is not taken for one."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.frames import Frame
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.shots import number_shots
from tests.films import Picture, cut, flat, moving_square, pan, still, texture


def frames(pictures: Picture | list[Picture]) -> Iterator[Frame]:
    return (Frame(np.ascontiguousarray(picture), 40 * index, index) for index, picture in enumerate(pictures))


def shot_of_each(pictures: Picture | list[Picture]) -> list[int]:
    return [frame.shot for frame in number_shots(frames(pictures))]


@given(
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    width=st.integers(160, 320),
    height=st.integers(90, 240),
    seed=st.integers(0, 99),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_cuts_are_found_wherever_they_are_at_any_size(lengths, width, height, seed):
    film = cut(*(pan(length, width, height, seed=seed + number) for number, length in enumerate(lengths)))
    assert shot_of_each(film.frames) == [shot for shot, length in enumerate(lengths) for _ in range(length)]


def test_only_the_shot_of_a_frame_changes():
    film = list(frames(still(3).frames))
    for before, after in zip(film, number_shots(iter(film)), strict=True):
        assert after.image is before.image
        assert (after.pts, after.index) == (before.pts, before.index)


def test_a_frame_is_yielded_before_the_next_is_read():
    asked = []

    def film():
        for frame in frames(still(3).frames):
            asked.append(frame.index)
            yield frame

    found = number_shots(film())
    for index in range(3):
        assert next(found).index == index
        assert asked == list(range(index + 1))


@pytest.mark.parametrize("step", [(0, 0), (2, 0), (13, 5), (50, 0), (-70, 20)])
def test_a_pan_by_a_fifth_of_the_image_per_frame_is_one_shot(step):
    assert shot_of_each(pan(5, 320, 180, step=step).frames) == [0] * 5


@pytest.mark.parametrize("side", [32, 40])
def test_cuts_are_found_in_the_smallest_images(side):
    film = cut(pan(3, side, side, step=(1, 0), seed=3), pan(3, side, side, step=(0, 1), seed=7)).frames
    assert shot_of_each(film) == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("step", [(2, 0), (24, 0), (60, -20)])
def test_a_moving_square_is_not_a_cut(step):
    assert shot_of_each(moving_square(4, 320, 180, side=60, step=step).frames) == [0] * 4


def test_a_lamp_that_crosses_the_dark_is_not_a_cut():
    dark = [np.zeros((180, 320, 3), np.uint8) for _ in range(8)]
    for t, picture in enumerate(dark):
        cv2.circle(picture, (40 + 30 * t, 90), 15, (250, 220, 180), -1)
    assert shot_of_each(dark) == [0] * 8


def test_a_zoom_is_one_shot():
    picture = texture(320, 180)
    turns = [cv2.getRotationMatrix2D((160, 90), 2.0 * t, 1.06**t) for t in range(6)]
    zoom = [cv2.warpAffine(picture, turn, (320, 180), borderMode=cv2.BORDER_REFLECT) for turn in turns]
    assert shot_of_each(zoom) == [0] * 6


def test_a_fade_to_a_tenth_and_back_is_not_a_cut():
    light = [1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0]
    scene = pan(len(light), 320, 180).frames
    assert shot_of_each([np.uint8(picture * gain) for picture, gain in zip(scene, light, strict=True)]) == [0] * 11


@pytest.mark.parametrize("gain", [0.3, 1.5, 1.9])
def test_a_flash_is_not_a_cut(gain):
    scene = list(pan(5, 320, 180).frames)
    scene[2] = np.clip(scene[2] * gain, 0, 255).astype(np.uint8)
    assert shot_of_each(scene) == [0] * 5


def test_a_dissolve_over_half_a_second_is_not_a_cut():
    before, after = texture(320, 180, 1).astype(float), texture(320, 180, 2).astype(float)
    assert shot_of_each([np.uint8(before + (after - before) * t / 12) for t in range(13)]) == [0] * 13


def test_grain_is_not_a_cut():
    random = np.random.default_rng(0)
    scene = pan(5, 320, 180).frames
    assert shot_of_each(np.clip(scene + random.normal(0, 15, scene.shape), 0, 255).astype(np.uint8)) == [0] * 5


def test_black_frames_with_noise_are_one_shot():
    noise = np.random.default_rng(0).integers(0, 6, (5, 180, 320, 3), dtype=np.uint8)
    assert shot_of_each(noise) == [0] * 5


@pytest.mark.parametrize("gain", [0.5, 0.1])
def test_a_cut_between_dark_images_is_found(gain):
    film = cut(pan(3, 320, 180, seed=1), pan(3, 320, 180, seed=2)).frames
    assert shot_of_each(np.uint8(film * gain)) == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("bars", [(24, 0), (0, 40)])
def test_letterbox_bars_do_not_hide_a_cut(bars):
    film = cut(pan(3, 320, 180, seed=1), pan(3, 320, 180, seed=2)).frames.copy()
    down, right = bars
    film[:, :down] = film[:, 180 - down :] = 0
    film[:, :, :right] = film[:, :, 320 - right :] = 0
    assert shot_of_each(film) == [0, 0, 0, 1, 1, 1]


def test_a_cut_in_the_middle_of_a_fast_pan_is_found():
    film = cut(pan(4, 320, 180, step=(30, 0), seed=1), pan(4, 320, 180, step=(-30, 10), seed=2))
    assert shot_of_each(film.frames) == [0] * 4 + [1] * 4


def test_cuts_to_and_from_black_are_found():
    scene = still(2, 320, 180).frames
    black = flat((0, 0, 0), 2, 320, 180)
    assert shot_of_each([*scene, *black, *scene]) == [0, 0, 1, 1, 2, 2]


def test_a_slowly_changing_colour_is_one_shot_and_another_a_cut():
    slowly = [flat((level, 60, 90), 1)[0] for level in range(20, 200, 12)]
    assert shot_of_each(slowly) == [0] * len(slowly)
    assert shot_of_each([*flat((200, 20, 20), 2), *flat((20, 90, 20), 2)]) == [0, 0, 1, 1]


def test_a_real_moving_scene_is_one_shot(bunny: Path):
    film = probe(bunny, SourceSettings(height=180, start=1.0, end=2.2))
    found = list(number_shots(decode(film)))
    assert len(found) == 30
    assert {frame.shot for frame in found} == {0}


def test_a_cut_from_a_real_scene_to_another_image_is_found(bunny: Path):
    film = probe(bunny, SourceSettings(height=180, end=0.2))
    scene = [frame.image for frame in decode(film)]
    height, width = scene[0].shape[:2]
    mirrored = [np.ascontiguousarray(picture[:, ::-1]) for picture in scene]
    assert shot_of_each([*scene, *mirrored, *still(3, width, height).frames]) == [0] * 5 + [1] * 5 + [2] * 3


def test_no_frames_have_no_shots():
    assert list(number_shots(iter(()))) == []
