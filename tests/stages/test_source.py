"""What comes out of a film's file: every frame, upright, in its true colours, at its exact time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.errors import FilmError
from streamstyle.film import Film
from streamstyle.frame import Frame
from streamstyle.settings import SourceSettings
from streamstyle.stages.source import decode, probe
from tests.films import Attachment, Extras, cut, flat, moving_square, pan, still, write_film

LOSSLESS = {"qp": "0"}


def read(path: Path, **settings: object) -> tuple[Film, list[Frame]]:
    film = probe(path, SourceSettings(**settings))
    return film, list(decode(film))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in levels."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


# ------------------------------------------------------------------------------------------------------- frames and times


@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov", "avi", "ts"])
def test_every_frame_comes_once_in_order(tmp_path: Path, ending: str) -> None:
    scene = moving_square(frames=23)
    codec = "mpeg4" if ending == "avi" else "libx264"
    film, frames = read(write_film(tmp_path / f"film.{ending}", scene.frames, codec=codec))
    assert film.frames == len(frames) == 23
    assert [frame.index for frame in frames] == list(range(23))
    for frame, picture in zip(frames, scene.frames, strict=True):
        assert difference(frame.image, picture) < 4
    times = [(frame.pts - frames[0].pts) * film.time_base for frame in frames]
    assert times == [Fraction(n, 25) for n in range(23)]
    assert film.frame_rate == 25
    assert film.duration == pytest.approx(23 / 25, abs=0.002)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_times_of_a_film_with_a_variable_rate_are_exact(tmp_path: Path, ending: str) -> None:
    pts = [0, 40, 80, 97, 300, 301, 340, 1000, 1040]
    scene = pan(frames=len(pts))
    path = write_film(tmp_path / f"film.{ending}", scene.frames, pts=pts, time_base=Fraction(1, 1000))
    film, frames = read(path)
    assert [frame.pts * film.time_base for frame in frames] == [Fraction(tick, 1000) for tick in pts]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60), Fraction(25, 2)])
def test_frame_rates_are_exact_fractions(tmp_path: Path, rate: Fraction) -> None:
    film, frames = read(write_film(tmp_path / "film.mp4", pan(frames=30).frames, rate=rate))
    assert film.frame_rate == rate
    assert (frames[-1].pts - frames[0].pts) * film.time_base == 29 / rate


@settings(max_examples=12, deadline=None)
@given(gaps=st.lists(st.integers(1, 5000), min_size=1, max_size=12), first=st.integers(0, 100_000))
def test_any_times_are_kept(tmp_path_factory: pytest.TempPathFactory, gaps: list[int], first: int) -> None:
    pts = np.cumsum([first, *gaps]).tolist()
    path = tmp_path_factory.mktemp("times") / "film.mp4"
    film, frames = read(write_film(path, still(len(pts), 64, 48).frames, pts=pts, time_base=Fraction(1, 90000)))
    assert [frame.pts * film.time_base for frame in frames] == [Fraction(tick, 90000) for tick in pts]
    assert film.frames == len(pts)


def test_joined_recordings_go_forward_where_the_clock_starts_anew(tmp_path: Path) -> None:
    parts = [write_film(tmp_path / f"{n}.ts", pan(frames=40, seed=n).frames) for n in range(2)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    _, frames = read(joined)
    pts = [frame.pts for frame in frames]
    assert len(frames) == 80
    assert all(later > earlier for earlier, later in zip(pts, pts[1:], strict=False))
    assert (pts[-1] - pts[0]) / 90000 == pytest.approx(79 / 25, abs=0.1)


def test_what_an_edit_list_leaves_out_is_neither_counted_nor_shown(tmp_path: Path) -> None:
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
    film, frames = read(edited)
    assert film.frames == len(frames) == 25
    assert difference(frames[0].image, scene.frames[5]) < 4


# ----------------------------------------------------------------------------------------------------------------- ranges


def test_a_range_holds_the_frames_from_its_start_to_before_its_end(tmp_path: Path) -> None:
    scene = pan(frames=50)
    path = write_film(tmp_path / "film.mp4", scene.frames)
    film, frames = read(path, start=0.52, end=1.04)
    assert film.frames == len(frames) == 13
    assert [frame.pts * film.time_base for frame in frames] == [Fraction(n, 25) for n in range(13, 26)]
    assert frames[0].index == 0
    assert film.start_pts == frames[0].pts
    assert film.duration == pytest.approx(0.52)
    for frame, picture in zip(frames, scene.frames[13:26], strict=True):
        assert difference(frame.image, picture) < 4


@settings(max_examples=15, deadline=None)
@given(first=st.integers(0, 58), count=st.integers(1, 60), ending=st.sampled_from(["mp4", "mkv", "ts"]))
def test_any_range_is_what_decoding_the_whole_film_gives(
    ranged_films: dict[str, Path], first: int, count: int, ending: str
) -> None:
    film, frames = read(ranged_films[ending], start=first / 25, end=(first + count) / 25)
    _, whole = read(ranged_films[ending])
    expected = whole[first : first + count]
    assert [frame.pts for frame in frames] == [frame.pts for frame in expected]
    assert film.frames == len(expected)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(frames, expected, strict=True))


@pytest.fixture(scope="module")
def ranged_films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("ranged")
    frames = pan(frames=60, width=64, height=48).frames
    return {ending: write_film(folder / f"film.{ending}", frames) for ending in ("mp4", "mkv", "ts")}


def test_an_end_beyond_the_film_is_its_end(tmp_path: Path) -> None:
    film, frames = read(write_film(tmp_path / "film.mkv", pan(frames=10).frames), start=0.2, end=99.0)
    assert len(frames) == 5
    assert film.end_pts is None


def test_a_range_outside_the_film_is_refused(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=10).frames)
    with pytest.raises(FilmError, match=r"100-.* s holds no frame of .*film\.mp4, which is 0\.400 s long"):
        probe(path, SourceSettings(start=100))


# ------------------------------------------------------------------------------------------------------------------ shape


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_film_held_sideways_stands_upright(tmp_path: Path, degrees: int) -> None:
    scene = moving_square(frames=3, width=96, height=64)
    path = write_film(tmp_path / "film.mp4", scene.frames, rotation=degrees, sar=Fraction(4, 3), options=LOSSLESS)
    film, frames = read(path)
    upright = np.rot90(scene.frames, -degrees // 90, axes=(1, 2))
    assert film.rotation == degrees
    assert (film.source_width, film.source_height) == (96, 64)
    assert (film.height, film.width) == upright.shape[1:3]
    assert film.sample_aspect_ratio == (Fraction(4, 3) if degrees == 180 else Fraction(3, 4))
    for frame, picture in zip(frames, upright, strict=True):
        assert frame.image.shape == picture.shape
        assert difference(frame.image, picture) < 3


def test_a_film_seen_in_a_mirror_is_turned_back(tmp_path: Path) -> None:
    scene = moving_square(frames=2, width=96, height=64)
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264rgb", rate=25, width=96, height=64, pix_fmt="rgb24", options=LOSSLESS)
        stream.set_display_rotation(0, hflip=True)
        for picture in scene.frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    _, frames = read(path)
    assert np.array_equal(frames[0].image, scene.frames[0][:, ::-1])


def test_odd_sides_lose_a_line_and_nothing_else(tmp_path: Path) -> None:
    scene = pan(frames=2, width=65, height=49)
    path = write_film(tmp_path / "film.mkv", scene.frames, pix_fmt="yuv444p", options=LOSSLESS)
    film, frames = read(path)
    assert (film.width, film.height) == (64, 48)
    assert difference(frames[0].image, scene.frames[0][:48, :64]) < 1
    assert film.sample_aspect_ratio == 1


def test_a_height_keeps_the_shape_and_another_size_stretches_the_pixels(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", pan(frames=1, width=160, height=90).frames)
    half = probe(path, SourceSettings(height=46))
    assert (half.width, half.height, half.sample_aspect_ratio) == (82, 46, 1)
    square = probe(path, SourceSettings(size=(80, 80)))
    assert square.sample_aspect_ratio == Fraction(16, 9)


@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(34, 200),
    height=st.integers(34, 200),
    aspect=st.fractions(Fraction(1, 2), 2, max_denominator=30),
    asked=st.tuples(st.integers(32, 300), st.integers(32, 300)),
)
def test_any_size_is_even_and_looks_as_wide_as_the_film(
    width: int, height: int, aspect: Fraction, asked: tuple[int, int]
) -> None:
    from streamstyle.media.shape import Shape, working_shape  # noqa: PLC0415

    source = Shape(width, height, aspect)
    shape = working_shape(source, SourceSettings(size=asked), Path("film.mp4"))
    assert shape.width % 2 == shape.height % 2 == 0
    assert abs(shape.width - asked[0]) <= 1
    assert abs(shape.height - asked[1]) <= 1
    shown = shape.width * shape.sample_aspect_ratio / shape.height
    meant = width * aspect / height
    assert abs(shown / meant - 1) < 1 / shape.width + 1e-3


@pytest.mark.parametrize("size", [(16, 16), (200, 20)])
def test_a_film_too_small_to_paint_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_film(tmp_path / "film.mkv", flat((1, 2, 3), 1, *size))
    with pytest.raises(FilmError, match=rf"film\.mkv would be worked on at {size[0]}x{size[1]}"):
        probe(path, SourceSettings())


def test_smaller_pictures_are_the_same_pictures(tmp_path: Path) -> None:
    scene = pan(frames=1, width=192, height=128)
    path = write_film(tmp_path / "film.mkv", scene.frames, pix_fmt="yuv444p", options=LOSSLESS)
    _, frames = read(path, height=64)
    averaged = scene.frames[0].reshape(64, 2, 96, 2, 3).mean((1, 3))
    assert difference(frames[0].image, averaged) < 1.5


# ----------------------------------------------------------------------------------------------------------------- colour


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p10le", "yuv420p10le"])
def test_colours_are_those_the_tags_say(tmp_path: Path, matrix: str, full_range: bool, pix_fmt: str) -> None:
    for number, colour in enumerate([(235, 30, 40), (20, 200, 60), (30, 60, 220), (255, 255, 255), (0, 0, 0)]):
        path = write_film(
            tmp_path / f"{number}.mkv", flat(colour, 1), codec="ffv1", pix_fmt=pix_fmt, matrix=matrix,
            full_range=full_range,
        )  # fmt: skip
        _, frames = read(path)
        assert np.abs(frames[0].image.astype(int) - colour).max() <= 2


@pytest.mark.parametrize(("width", "height", "matrix"), [(64, 48, "bt601"), (1280, 64, "bt709"), (64, 720, "bt709")])
def test_untagged_films_are_hd_or_sd_by_their_size(tmp_path: Path, width: int, height: int, matrix: str) -> None:
    colour = (30, 190, 60)
    path = write_film(tmp_path / "film.mkv", flat(colour, 1, width, height), codec="ffv1", matrix=matrix, tagged=False)
    _, frames = read(path)
    assert np.abs(frames[0].image.astype(int) - colour).max() <= 2


def test_rgb_films_come_through_bit_for_bit(tmp_path: Path) -> None:
    scene = moving_square(frames=2)
    path = write_film(
        tmp_path / "film.mkv", scene.frames, codec="libx264rgb", pix_fmt="rgb24", tagged=False, options=LOSSLESS
    )
    _, frames = read(path)
    assert np.array_equal(frames[1].image, scene.frames[1])


def test_hdr_white_is_white_and_grey_is_grey(tmp_path: Path) -> None:
    """In PQ (SMPTE ST 2084) the code 0.5806 is 203 cd/m², reference white by ITU-R BT.2408; 0.4 is about 31 cd/m²."""
    pictures = np.concatenate([flat((round(code * 255),) * 3, 1) for code in (0.5806, 0.4, 0.0)])
    path = tmp_path / "film.mkv"
    write_film(path, pictures, codec="ffv1", pix_fmt="yuv420p10le", matrix="bt2020", transfer=16)
    white, grey, black = (frame.image.mean() for frame in read(path)[1])
    assert 245 <= white <= 255
    assert 90 <= grey <= 130
    assert black <= 1


# ----------------------------------------------------------------------------------------------- damage, and what is no film


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


def test_an_mp4_cut_short_is_refused_and_says_why(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(FilmError, match=r"film\.mp4 was cut short") as caught:
        probe(path, SourceSettings())
    assert "again" in caught.value.next_step


def test_an_mp4_with_its_index_first_gives_what_there_is_when_cut_short(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames, container_options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film, frames = read(path)
    assert 30 <= len(frames) <= 70
    assert abs(film.frames - len(frames)) <= 4


def test_cover_art_is_not_the_film(tmp_path: Path) -> None:
    cover = Attachment("cover.png", "image/png", png(flat((200, 0, 0), 1, 400, 400)[0]))
    scene = pan(frames=3)
    path = write_film(tmp_path / "film.mkv", scene.frames, extras=Extras(attachments=[cover]))
    film, frames = read(path)
    assert film.frames == 3
    assert (film.width, film.height) == (96, 64)
    assert difference(frames[0].image, scene.frames[0]) < 4
    assert [stream.kind for stream in film.streams] == ["video", "attachment"]


def png(picture: np.ndarray) -> bytes:
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.shape[1], picture.shape[0], "rgb24"
    encoder.time_base = Fraction(1, 25)
    return bytes(encoder.encode(av.VideoFrame.from_ndarray(picture, "rgb24"))[0])


def test_streams_are_described(tmp_path: Path) -> None:
    extras = Extras(audio_languages=["eng", "deu"], audio_titles=["Main", "Kommentar"], subtitles=[(0.0, 0.2, "Hello")])
    path = write_film(tmp_path / "film.mkv", pan(frames=10).frames, audio=True, extras=extras)
    streams = probe(path, SourceSettings()).streams
    assert [(s.kind, s.codec, s.language, s.title) for s in streams] == [
        ("video", "h264", None, None),
        ("audio", "aac", "eng", "Main"),
        ("audio", "aac", "deu", "Kommentar"),
        ("subtitle", "subrip", "eng", None),
    ]


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


# ------------------------------------------------------------------------------------------------------------ a real film


def test_a_real_film(bunny: Path) -> None:
    film, frames = read(bunny, height=180)
    assert (film.width, film.height, film.frames, film.frame_rate) == (320, 180, 132, 25)
    assert [frame.pts for frame in frames] == [512 * n for n in range(132)]
    assert [stream.kind for stream in film.streams] == ["video", "audio"]
    assert all(frame.image.flags.c_contiguous and frame.image.shape == (180, 320, 3) for frame in frames)


def test_cuts_do_not_confuse_the_decoder(tmp_path: Path) -> None:
    scene = cut(pan(frames=7), still(frames=6, seed=5), pan(frames=7, seed=9))
    _, frames = read(write_film(tmp_path / "film.mkv", scene.frames))
    assert max(difference(frame.image, picture) for frame, picture in zip(frames, scene.frames, strict=True)) < 4
