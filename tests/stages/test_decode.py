"""Every frame of a video is decoded once, in order, at its exact time, in any range."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.errors import VideoError
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode_in_threads
from tests.films import Extras, cut, moving_square, pan, still, write_film
from tests.video_io import mean_difference, read_video, times


@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov", "avi", "ts"])
def test_every_frame_is_yielded_once_in_order(tmp_path: Path, ending: str) -> None:
    scene = moving_square(frames=23)
    codec = "mpeg4" if ending == "avi" else "libx264"
    film, frames = read_video(write_film(tmp_path / f"film.{ending}", scene.frames, codec=codec))
    assert film.frames == len(frames) == 23
    assert [frame.index for frame in frames] == list(range(23))
    for frame, picture in zip(frames, scene.frames, strict=True):
        assert mean_difference(frame.image, picture) < 4
    times = [(frame.pts - frames[0].pts) * film.time_base for frame in frames]
    assert times == [Fraction(n, 25) for n in range(23)]
    assert film.frame_rate == 25
    assert film.duration == pytest.approx(23 / 25, abs=0.002)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_times_of_variable_frame_rate_video_are_exact(tmp_path: Path, ending: str) -> None:
    pts = [0, 40, 80, 97, 300, 301, 340, 1000, 1040]
    scene = pan(frames=len(pts))
    path = write_film(tmp_path / f"film.{ending}", scene.frames, pts=pts, time_base=Fraction(1, 1000))
    film, frames = read_video(path)
    assert times(frames, film) == [Fraction(tick, 1000) for tick in pts]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60), Fraction(25, 2)])
def test_frame_rates_are_exact_fractions(tmp_path: Path, rate: Fraction) -> None:
    film, frames = read_video(write_film(tmp_path / "film.mp4", pan(frames=30).frames, rate=rate))
    assert film.frame_rate == rate
    assert (frames[-1].pts - frames[0].pts) * film.time_base == 29 / rate


@settings(max_examples=12, deadline=None)
@given(gaps=st.lists(st.integers(1, 5000), min_size=1, max_size=12), first=st.integers(0, 100_000))
def test_any_timestamps_are_kept(tmp_path_factory: pytest.TempPathFactory, gaps: list[int], first: int) -> None:
    pts = np.cumsum([first, *gaps]).tolist()
    path = tmp_path_factory.mktemp("times") / "film.mp4"
    film, frames = read_video(write_film(path, still(len(pts), 64, 48).frames, pts=pts, time_base=Fraction(1, 90000)))
    assert times(frames, film) == [Fraction(tick, 90000) for tick in pts]
    assert film.frames == len(pts)


def test_times_rise_in_joined_recordings_with_restarted_clocks(tmp_path: Path) -> None:
    parts = [write_film(tmp_path / f"{n}.ts", pan(frames=40, seed=n).frames) for n in range(2)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    _, frames = read_video(joined)
    pts = [frame.pts for frame in frames]
    assert len(frames) == 80
    assert all(later > earlier for earlier, later in pairwise(pts))
    assert (pts[-1] - pts[0]) / 90000 == pytest.approx(79 / 25, abs=0.1)


def test_what_an_edit_list_leaves_out_is_neither_counted_nor_decoded(tmp_path: Path) -> None:
    scene = pan(frames=30)
    whole = write_film(tmp_path / "whole.mp4", scene.frames, options={"bf": "0"})
    edited = tmp_path / "edited.mp4"
    with av.open(str(whole)) as source, av.open(str(edited), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts, packet.dts = packet.pts - 5 * 512, packet.dts - 5 * 512
                packet.stream = stream
                target.mux(packet)
    film, frames = read_video(edited)
    assert film.frames == len(frames) == 25
    assert mean_difference(frames[0].image, scene.frames[5]) < 4


def test_a_range_holds_the_frames_from_its_start_to_before_its_end(tmp_path: Path) -> None:
    scene = pan(frames=50)
    path = write_film(tmp_path / "film.mp4", scene.frames)
    film, frames = read_video(path, start=0.52, end=1.04)
    assert film.frames == len(frames) == 13
    assert times(frames, film) == [Fraction(n, 25) for n in range(13, 26)]
    assert frames[0].index == 0
    assert film.start_pts == frames[0].pts
    assert film.duration == pytest.approx(0.52)
    for frame, picture in zip(frames, scene.frames[13:26], strict=True):
        assert mean_difference(frame.image, picture) < 4


@settings(max_examples=15, deadline=None)
@given(first=st.integers(0, 58), count=st.integers(1, 60), ending=st.sampled_from(["mp4", "mkv", "ts"]))
def test_any_range_equals_that_part_of_the_whole_video(
    ranged_films: dict[str, Path], first: int, count: int, ending: str
) -> None:
    film, frames = read_video(ranged_films[ending], start=first / 25, end=(first + count) / 25)
    _, whole = read_video(ranged_films[ending])
    expected = whole[first : first + count]
    assert [frame.pts for frame in frames] == [frame.pts for frame in expected]
    assert film.frames == len(expected)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(frames, expected, strict=True))


@pytest.fixture(scope="module")
def ranged_films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("ranged")
    frames = pan(frames=60, width=64, height=48).frames
    return {ending: write_film(folder / f"film.{ending}", frames) for ending in ("mp4", "mkv", "ts")}


def test_the_version_of_x264_counts_after_a_seek(tmp_path: Path) -> None:
    """Only the first picture says it, and 4:4:4 of versions before 151 is read differently: here it becomes garbage."""
    options = {"crf": "10", "preset": "medium", "g": "10"}
    film = write_film(tmp_path / "film.mp4", moving_square(frames=30).frames, pix_fmt="yuv444p", options=options)
    pictures = read_video(film, start=0.8)[1]
    content, changed = re.subn(rb"x264 - core \d{3}", b"x264 - core 142", film.read_bytes())
    assert changed == 1
    film.write_bytes(content)
    garbage = read_video(film, start=0.8)[1]
    assert len(garbage) == len(pictures) == 10
    assert mean_difference(garbage[5].image, pictures[5].image) > 20


def test_an_end_beyond_the_video_is_its_end(tmp_path: Path) -> None:
    film, frames = read_video(write_film(tmp_path / "film.mkv", pan(frames=10).frames), start=0.2, end=99.0)
    assert len(frames) == 5
    assert film.end_pts is None


def test_a_range_outside_the_video_is_an_error(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=10).frames)
    with pytest.raises(VideoError, match=r"100-.* s holds no frame of .*film\.mp4, which is 0\.400 s long"):
        probe(path, SourceSettings(start=100))


def test_all_streams_are_described(tmp_path: Path) -> None:
    extras = Extras(audio_languages=["eng", "deu"], audio_titles=["Main", "Kommentar"], subtitles=[(0.0, 0.2, "Hello")])
    path = write_film(tmp_path / "film.mkv", pan(frames=10).frames, audio=True, extras=extras)
    streams = probe(path, SourceSettings()).streams
    assert [(s.kind, s.codec, s.language, s.title) for s in streams] == [
        ("video", "h264", None, None),
        ("audio", "aac", "eng", "Main"),
        ("audio", "aac", "deu", "Kommentar"),
        ("subtitle", "subrip", "eng", None),
    ]


def test_a_real_video(bunny: Path) -> None:
    film, frames = read_video(bunny, height=180)
    assert (film.width, film.height, film.frames, film.frame_rate) == (320, 180, 132, 25)
    assert [frame.pts for frame in frames] == [512 * n for n in range(132)]
    assert [stream.kind for stream in film.streams] == ["video", "audio"]
    assert all(frame.image.flags.c_contiguous and frame.image.shape == (180, 320, 3) for frame in frames)


def test_frames_around_cuts_are_in_order(tmp_path: Path) -> None:
    scene = cut(pan(frames=7), still(frames=6, seed=5), pan(frames=7, seed=9))
    _, frames = read_video(write_film(tmp_path / "film.mkv", scene.frames))
    assert max(mean_difference(frame.image, picture) for frame, picture in zip(frames, scene.frames, strict=True)) < 4


def test_frames_converted_in_threads_are_the_same(tmp_path: Path) -> None:
    scene = cut(pan(frames=20), moving_square(frames=20))
    path = write_film(tmp_path / "film.mkv", scene.frames, codec="ffv1", pix_fmt="yuv420p10le")
    video, expected = read_video(path, size=(48, 36))
    with decode_in_threads(video, lambda frame: frame, workers=3, ahead=7) as frames:
        found = list(frames)
    assert [frame.position for frame in found] == [frame.position for frame in expected]
    for a, b in zip(found, expected, strict=True):
        assert a.deep is not None
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.deep, b.deep)
