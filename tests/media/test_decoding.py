"""Damaged films give what there is."""

from __future__ import annotations

from pathlib import Path

from tests.films import pan, write_film
from tests.painting import difference, read


def test_a_hole_in_the_middle_costs_only_the_frames_around_it(tmp_path: Path) -> None:
    scene = pan(frames=100)
    path = write_film(tmp_path / "film.mkv", scene.frames)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    _, frames = read(path)
    pts = [frame.pts for frame in frames]
    assert 80 <= len(frames) <= 100
    assert pts == sorted(set(pts))
    assert difference(frames[0].image, scene.frames[0]) < 4
    assert difference(frames[-1].image, scene.frames[-1]) < 4


def test_an_mkv_cut_short_gives_what_there_is(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", pan(frames=100).frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film, frames = read(path)
    assert 30 <= len(frames) <= 70
    assert abs(film.frames - len(frames)) <= 2


def test_an_mp4_with_its_index_first_gives_what_there_is_when_cut_short(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames, container_options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film, frames = read(path)
    assert 30 <= len(frames) <= 70
    assert abs(film.frames - len(frames)) <= 4
