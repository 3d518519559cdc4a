"""Optical flow of pans, squares and cuts; lookback, cache and worker threads."""

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from streamstyle.frames import Frame, FrameWithFlow
from streamstyle.media.flow_cache import FlowCache
from streamstyle.media.flow_codec import quantise
from streamstyle.settings import FlowCheck, FlowPreset, FlowSettings
from streamstyle.stages import flow as flow_stage
from streamstyle.stages.flow import add_flow, estimate_motion
from streamstyle.video_info import VideoInfo
from tests.films import Scene, cut, flat, moving_square, pan, still, texture
from tests.scenes import flash

PRESETS = list(FlowPreset)
QUICK = FlowSettings(flow=FlowPreset.ultrafast)


def frames(scene: Scene) -> Iterator[Frame]:
    for index, picture in enumerate(scene.frames):
        yield Frame(np.ascontiguousarray(picture), 40 * index, index, sum(index >= start for start in scene.cuts))


def flowed(
    scene: Scene, settings: FlowSettings = QUICK, cache: FlowCache | None = None, lookback: tuple[int, ...] = (1,)
) -> list[FrameWithFlow]:
    with add_flow(frames(scene), settings, cache, lookback) as found:
        return list(found)


def same(one: list[FrameWithFlow], other: list[FrameWithFlow]) -> bool:
    return all(
        a.motion is not None
        and b.motion is not None
        and torch.equal(a.motion.backward, b.motion.backward)
        and torch.equal(a.motion.weight, b.motion.weight)
        for a, b in zip(one[1:], other[1:], strict=True)
    )


def film(path: Path, scene: Scene) -> VideoInfo:
    path.write_bytes(b"a film, as far as its fingerprint goes")
    height, width = scene.frames.shape[1:3]
    return VideoInfo(
        path, width, height, width, height, 0, Fraction(1), Fraction(1, 1000), Fraction(25),
        len(scene.frames), 0, None, None, 0, (),
    )  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS)
def test_flow_of_a_pan_is_right_to_a_tenth_of_a_pixel_and_trusted(preset):
    scene = pan(2, 192, 128, step=(3, -2))
    motion = estimate_motion(*scene.frames, preset)
    inside = np.s_[..., 16:-16, 16:-16]
    off = np.linalg.norm(motion.backward.numpy() - scene.backward[1], axis=0)[inside]
    assert off.mean() < 0.1
    assert motion.weight.numpy()[inside].mean() > 0.95
    assert (motion.weight[-1] == 0).all()  # what comes into view
    assert (motion.weight[:, 0] == 0).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_still_scene_has_no_flow_and_is_trusted(preset):
    motion = estimate_motion(*still(2, 96, 64).frames, preset)
    assert motion.backward.abs().max() < 1 / 128
    assert (motion.weight == 1).all()


@pytest.mark.parametrize("preset", [FlowPreset.fast, FlowPreset.medium, FlowPreset.deepflow])
def test_what_a_moving_square_uncovers_is_not_trusted(preset):
    scene = moving_square(2, 192, 128, side=64, step=(8, 0))
    weight = estimate_motion(*scene.frames, preset).weight.numpy()
    uncovered = scene.uncovered[1]
    rows, columns = np.nonzero(uncovered)
    assert weight[rows.min() + 8 : rows.max() - 8, columns.min() : columns.max() + 1].mean() < 0.25
    far_away = np.ones_like(uncovered)
    far_away[max(0, rows.min() - 24) : rows.max() + 24, columns.min() - 24 : columns.max() + 96] = False
    assert weight[far_away].mean() > 0.95


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("width", "height"), [(32, 32), (32, 48), (34, 100), (120, 32)])
def test_flow_of_the_smallest_images_is_found_and_repeatable(preset, width, height):
    scene = pan(2, width, height, step=(2, 0), seed=1)
    motion = estimate_motion(*scene.frames, preset)
    assert motion.backward.shape == (2, height, width)
    off = np.linalg.norm(motion.backward.numpy() - scene.backward[1], axis=0)[4:-4, 6:-6]
    assert np.median(off) < 0.5
    for _ in range(3 if preset is not FlowPreset.deepflow else 1):
        assert torch.equal(estimate_motion(*scene.frames, preset).backward, motion.backward)


def test_a_photometric_check_computes_one_direction(monkeypatch):
    calls = []
    one_direction = flow_stage.optical_flow

    def counted(*arguments):
        calls.append(1)
        return one_direction(*arguments)

    monkeypatch.setattr(flow_stage, "optical_flow", counted)
    scene = pan(2, 96, 64, step=(2, 0))
    both, one = (estimate_motion(*scene.frames, FlowPreset.fast, check) for check in FlowCheck)
    assert len(calls) == 2 + 1
    assert torch.equal(quantise(both).backward, one.backward)


@pytest.mark.parametrize("preset", PRESETS)
def test_an_image_of_one_colour_has_no_flow(preset):
    motion = estimate_motion(*flat((90, 60, 30), 2), preset)
    assert not motion.backward.any()
    assert (motion.weight == 1).all()


@pytest.mark.parametrize("check", list(FlowCheck))
@pytest.mark.parametrize("lit", [0, 1], ids=["earlier", "later"])
def test_a_flash_is_not_taken_for_motion(lit, check):
    scene = pan(2, 192, 128, step=(3, 0))
    scene.frames[:] = scene.frames.mean(-1, keepdims=True)
    motion = estimate_motion(*flash(scene, lit, lit).frames, FlowPreset.medium, check)
    inside = np.s_[..., 16:-16, 16:-16]
    error = np.linalg.norm(motion.backward.numpy() - scene.backward[1], axis=0)[inside]
    assert error.mean() < 0.3  # 4 without equal light
    assert motion.weight.numpy()[inside].mean() > 0.95


def test_no_motion_reaches_across_a_cut():
    scene = cut(pan(3, 96, 64), still(2, 96, 64, seed=5), still(1, 96, 64, seed=9))
    found = flowed(scene)
    assert [each.motion is None for each in found] == [True, False, False, True, False, True]
    assert [each.frame.index for each in found] == list(range(6))


def test_lookback_flow_grows_with_the_gap_and_stays_in_its_shot():
    scene = cut(pan(6, 192, 128, step=(2, 0)), still(3, 192, 128, seed=5))
    found = flowed(scene, FlowSettings(flow=FlowPreset.medium), lookback=(1, 2, 4))
    gaps = [[motion.gap for motion in each.motions] for each in found]
    assert gaps == [[], [1], [1, 2], [1, 2], [1, 2, 4], [1, 2, 4], [], [1], [1, 2]]
    for motion in found[5].motions:
        assert motion.backward[0, 16:-16, 16:-16].median() == pytest.approx(-2 * motion.gap, abs=0.1)
        assert (motion.weight[:, : 2 * motion.gap - 1] == 0).all()


def test_reverse_motion_is_computed_only_if_requested():
    scene = cut(pan(3, 192, 128, step=(4, 0)), still(1, 192, 128, seed=5))
    with add_flow(frames(scene), FlowSettings(flow=FlowPreset.medium), reverse=True) as found:
        back = [each.reverse for each in found]
    assert [motion is None for motion in back] == [True, False, False, True]
    assert back[1].backward[0, 16:-16, 16:-16].median() == pytest.approx(4, abs=0.1)
    assert all(each.reverse is None for each in flowed(scene))


def test_lookback_motions_are_stored_in_the_same_cache(tmp_path):
    scene = pan(4, 96, 64)
    source = film(tmp_path / "film.mkv", scene)
    first, second = (FlowCache.open(source, QUICK, tmp_path / "cache") for _ in range(2))
    filled = flowed(scene, QUICK, first)
    further = flowed(scene, QUICK, second, lookback=(1, 2))
    assert (second.computed, second.cached) == (2, 3)
    assert same(filled, further)
    third = FlowCache.open(source, QUICK, tmp_path / "cache")
    again = flowed(scene, QUICK, third, lookback=(1, 2))
    assert (third.computed, third.cached) == (0, 5)
    assert [each.lookback[0].gap for each in again[2:]] == [2, 2]
    assert all(
        torch.equal(one.lookback[0].backward, other.lookback[0].backward)
        for one, other in zip(further[2:], again[2:], strict=True)
    )


def test_no_frame_and_a_single_frame_have_no_motion():
    with add_flow(iter(()), QUICK) as found:
        assert list(found) == []
    assert [each.motion for each in flowed(still(1))] == [None]


def test_the_number_of_workers_changes_nothing():
    scene = pan(9, 96, 64, step=(3, 1))
    alone = flowed(scene, FlowSettings(flow_workers=1))
    together = flowed(scene, FlowSettings(flow_workers=4))
    assert [each.frame.pts for each in together] == [40 * index for index in range(9)]
    assert same(alone, together)


def test_by_default_workers_are_half_the_threads_and_one_more_frame_waits(monkeypatch):
    monkeypatch.setattr("streamstyle.stages.flow.BYTES_AHEAD", 1)
    scene = pan(2, 96, 64, step=(3, 1))

    def capacity(threads: int, workers: int = 0) -> int:
        monkeypatch.setattr("torch.get_num_threads", lambda: threads)
        with add_flow(frames(scene), FlowSettings(flow_workers=workers)) as found:
            return found.capacity

    assert [capacity(1), capacity(2), capacity(12), capacity(200)] == [2, 2, 7, 9]
    assert capacity(2, workers=16) == 17


def test_a_run_with_the_cache_filled_empty_or_off_gives_the_same(tmp_path):
    scene = moving_square(5, 96, 64)
    source = film(tmp_path / "film.mkv", scene)
    first, second = (FlowCache.open(source, QUICK, tmp_path / "cache") for _ in range(2))
    filled = flowed(scene, QUICK, first)
    cached = flowed(scene, QUICK, second)
    assert (first.computed, first.cached) == (4, 0)
    assert (second.computed, second.cached) == (0, 4)
    assert same(filled, cached)
    assert same(filled, flowed(scene))


def test_no_flow_is_computed_for_a_cached_video(tmp_path, monkeypatch):
    scene = pan(3, 96, 64)
    source = film(tmp_path / "film.mkv", scene)
    flowed(scene, QUICK, FlowCache.open(source, QUICK, tmp_path / "cache"))
    monkeypatch.setattr(flow_stage, "optical_flow", None)
    assert len(flowed(scene, QUICK, FlowCache.open(source, QUICK, tmp_path / "cache"))) == 3


def test_flow_of_both_directions_serves_a_photometric_check_which_weighs_it_anew(tmp_path, monkeypatch):
    """Bit for bit as without a cache; but where the light changes, which flow was chosen depends on the check."""
    scene = flash(cut(moving_square(5, 96, 64), pan(4, 96, 64, step=(2, 1))), 7, 7)
    source = film(tmp_path / "film.mkv", scene)

    def run(cache: FlowCache | None) -> list[FrameWithFlow]:
        with add_flow(frames(scene), QUICK, cache, check_of=lambda frame: FlowCheck.photometric) as found:
            return list(found)

    without = run(None)
    flowed(scene, QUICK, FlowCache.open(source, QUICK, tmp_path / "cache"))
    calls, one_direction = [], flow_stage.optical_flow
    monkeypatch.setattr(flow_stage, "optical_flow", lambda *pair: calls.append(1) or one_direction(*pair))
    cache = FlowCache.open(source, QUICK, tmp_path / "cache")
    reused = run(cache)
    assert (cache.computed, cache.cached) == (2, 5)
    assert len(calls) == 2 * 2
    for one, other in zip(without, reused, strict=True):
        assert (one.motion is None) == (other.motion is None)
        if one.motion is not None:
            assert torch.equal(one.motion.backward, other.motion.backward)
            assert torch.equal(one.motion.weight, other.motion.weight)


def test_frames_read_ahead_are_bounded_by_bytes(monkeypatch):
    read = []

    def endless() -> Iterator[Frame]:
        picture = texture(64, 48)
        for index in range(1000):
            read.append(index)
            yield Frame(picture, index, index)

    monkeypatch.setattr(flow_stage, "BYTES_AHEAD", 5 * 64 * 48 * 15)
    with add_flow(endless(), QUICK) as found:
        next(found)
        _wait_until(lambda: len(read) >= 6)
        time.sleep(0.1)
        assert len(read) <= 7
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("streamstyle")]


def test_a_decoding_error_is_raised_at_its_frame():
    def broken() -> Iterator[Frame]:
        yield from frames(still(2))
        raise OSError("broken")

    with add_flow(broken(), QUICK) as found:
        next(found)
        next(found)
        with pytest.raises(OSError, match="broken"):
            next(found)


def _wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
