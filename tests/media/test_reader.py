"""What is no film is said in one line, and what only goes with a film is not taken for it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.errors import FilmError
from streamstyle.media.probe import probe
from streamstyle.media.reader import MonotonicClock, TimestampGuesser
from streamstyle.settings import SourceSettings
from tests.films import Attachment, Extras, flat, moving_square, pan, png, write_film
from tests.video_io import mean_difference, read_video


def test_no_film_at_all_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "notes.txt").write_text("Dear diary, this is no film.\n" * 50)
    (tmp_path / "wave.png").write_bytes(png(flat((1, 2, 3), 1)[0]))
    sound = tmp_path / "sound.m4a"
    write_film(tmp_path / "film.mp4", pan(frames=3).frames, audio=True)
    with av.open(str(tmp_path / "film.mp4")) as source, av.open(str(sound), "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    for name, problem in {
        "missing.mp4": "does not exist",
        ".": "is a folder",
        "empty.mp4": "is empty",
        "noise.mp4": "is not a film",
        "notes.txt": "is not a film",
        "wave.png": "is not a film",
        "sound.m4a": "has no video",
    }.items():
        with pytest.raises(FilmError, match=problem) as caught:
            probe(tmp_path / name, SourceSettings())
        assert str(tmp_path / name) in caught.value.problem
        assert "\n" not in str(caught.value)


def test_an_mp4_cut_short_is_refused_and_says_why(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(FilmError, match=r"film\.mp4 is truncated") as caught:
        probe(path, SourceSettings())
    assert "again" in caught.value.next_step


def test_a_film_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.avi", pan(frames=3).frames, codec="mpeg4")
    data = bytearray(path.read_bytes())
    begin = data.index(b"movi") + 4
    end = data.index(b"idx1")
    for at in range(begin, end - 8):
        if data[at : at + 4] == b"00dc":
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            data[at + 8 : at + 8 + size] = bytes([0x55]) * size
    path.write_bytes(data)
    with pytest.raises(FilmError, match="no frame that can be decoded"):
        probe(path, SourceSettings())


def test_cover_art_is_not_the_film(tmp_path: Path) -> None:
    cover = Attachment("cover.png", "image/png", png(flat((200, 0, 0), 1, 400, 400)[0]))
    scene = pan(frames=3)
    path = write_film(tmp_path / "film.mkv", scene.frames, extras=Extras(attachments=[cover]))
    film, frames = read_video(path)
    assert film.frames == 3
    assert (film.width, film.height) == (96, 64)
    assert mean_difference(frames[0].image, scene.frames[0]) < 4
    assert [stream.kind for stream in film.streams] == ["video", "attachment"]


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
    assert mean_difference(frames[0].image, scene.frames[0]) < 4
    assert mean_difference(frames[-1].image, scene.frames[-1]) < 4


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
    assert mean_difference(frames[-1].image, scene.frames[-1]) < 4


def placed(ticks: list[int | None], second: int = 1000, step: int = 40) -> list[int | None]:
    timeline = MonotonicClock(second, step)
    return [timeline.map(tick) for tick in ticks]


def test_times_that_go_forward_stay_as_they_are() -> None:
    assert placed([7, 8, 50, 5000]) == [7, 8, 50, 5000]


def test_a_moment_that_has_passed_has_no_place() -> None:
    assert placed([0, 40, 40, 30, 80]) == [0, 40, None, None, 80]


def test_a_clock_that_starts_anew_goes_on_from_where_it_was() -> None:
    assert placed([100_000, 100_040, 0, 40, 90]) == [100_000, 100_040, 100_080, 100_120, 100_170]


def test_a_missing_time_is_one_step_on() -> None:
    assert placed([None, None, 200, None]) == [0, 40, 200, 240]


@given(st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9))))
def test_any_times_come_out_going_forward(ticks: list[int | None]) -> None:
    kept = [tick for tick in placed(ticks) if tick is not None]
    assert all(later > earlier for earlier, later in pairwise(kept))


def test_of_two_times_the_one_in_order_is_believed() -> None:
    stamp = TimestampGuesser()
    stored = [(1, 2), (3, 3), (4, 4), (2, 5), (6, 6), (7, 7), (5, 8)]
    assert [stamp.guess(*times) for times in stored] == [1, 3, 4, 5, 6, 7, 8]


def test_a_frame_with_one_time_has_that_and_one_with_none_has_none() -> None:
    stamp = TimestampGuesser()
    assert [stamp.guess(7, None), stamp.guess(None, 9), stamp.guess(None, None), stamp.guess(12, 11)] == [
        7,
        9,
        None,
        12,
    ]


def test_a_time_tells_a_place_until_one_was_made_up_or_moved() -> None:
    timeline = MonotonicClock(second=25, step=1)
    for tick in (3, 4, 9):
        timeline.map(tick)
    assert timeline.is_monotonic
    for spoils in (None, 9, 8, -100):
        timeline = MonotonicClock(second=25, step=1)
        for tick in (3, 4, 9, spoils):
            timeline.map(tick)
        assert not timeline.is_monotonic


def test_so_do_two_times_in_order_alone() -> None:
    stamp = TimestampGuesser()
    for pts, dts in ((0, -2), (1, -1), (4, 0)):
        stamp.guess(pts, dts)
    assert stamp.is_monotonic
    stamp.guess(3, 1)
    assert not stamp.is_monotonic
