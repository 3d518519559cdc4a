"""Damaged films give what there is."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.errors import FilmError
from tests.films import moving_square, pan, write_film
from tests.painting import difference, read_video


def test_a_hole_in_the_middle_costs_only_the_frames_around_it(tmp_path: Path) -> None:
    scene = pan(frames=100)
    path = write_film(tmp_path / "film.mkv", scene.frames)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    _, frames = read_video(path)
    pts = [frame.pts for frame in frames]
    assert 80 <= len(frames) <= 100
    assert pts == sorted(set(pts))
    assert difference(frames[0].image, scene.frames[0]) < 4
    assert difference(frames[-1].image, scene.frames[-1]) < 4


def test_an_mkv_cut_short_gives_what_there_is(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", pan(frames=100).frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film, frames = read_video(path)
    assert 30 <= len(frames) <= 70
    assert abs(film.frames - len(frames)) <= 2


def test_an_mp4_with_its_index_first_gives_what_there_is_when_cut_short(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames, container_options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film, frames = read_video(path)
    assert 30 <= len(frames) <= 70
    assert abs(film.frames - len(frames)) <= 4


@settings(max_examples=25, deadline=None)
@given(
    ending=st.sampled_from(["mp4", "mkv", "ts", "avi"]),
    wounds=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=60)), min_size=1, max_size=4),
)
def test_any_damage_gives_frames_in_order_or_one_clear_line(
    sound_films: dict[str, Path], ending: str, wounds: list[tuple[float, bytes]]
) -> None:
    data = bytearray(sound_films[ending].read_bytes())
    for place, wound in wounds:
        at = int(place * (len(data) - len(wound)))
        data[at : at + len(wound)] = wound
    path = sound_films[ending].with_name(f"wounded.{ending}")
    path.write_bytes(data)
    try:
        _, frames = read_video(path)
    except FilmError:
        return
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))


@pytest.fixture(scope="module")
def sound_films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sound")
    frames = moving_square(frames=12, width=64, height=48, side=16).frames
    codecs = {"mp4": "libx264", "mkv": "libx264", "ts": "libx264", "avi": "mpeg4"}
    return {ending: write_film(folder / f"film.{ending}", frames, codec=codec) for ending, codec in codecs.items()}


def test_a_container_that_keeps_no_times_of_reordered_frames_still_gives_them_all(tmp_path: Path) -> None:
    """AVI says only in which order frames are stored; with B-frames that is not the order they are shown in."""
    scene = moving_square(frames=30)
    _, frames = read_video(write_film(tmp_path / "film.avi", scene.frames))
    assert len(frames) >= 29
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))
    assert difference(frames[-1].image, scene.frames[-1]) < 4
