"""What goes into the painted film: every frame at its time, in its colours, and all that came with it."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from streamstyle.media.probe import probe
from streamstyle.ops.image import to_tensor
from streamstyle.ops.luma import LumaWeights
from streamstyle.ops.yuv import rgb_to_yuv420
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.writer import open_writer
from tests.films import Extras, flat, moving_square, pan, still, write_film
from tests.video_io import FAST, mean_difference, packets, read_video, times, write_copy

CODECS = ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "mpeg4", "ffv1"]
MILLISECOND = Fraction(1, 1000)


@pytest.fixture(scope="module")
def with_sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sources") / "film.mp4"
    return write_film(path, pan(frames=60, width=64, height=48).frames, audio=True)


# ------------------------------------------------------------------------------------------------ frames and times


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
def test_every_frame_is_there_at_its_time(tmp_path: Path, ending: str) -> None:
    scene = moving_square(frames=34)
    source = write_film(tmp_path / "film.mp4", scene.frames)
    write_copy(source, tmp_path / f"painted.{ending}", EncoderSettings(crf=8))
    film, frames = read_video(tmp_path / f"painted.{ending}")
    assert times(frames, film) == [Fraction(n, 25) for n in range(34)]
    for frame, picture in zip(frames, scene.frames, strict=True):
        assert mean_difference(frame.image, picture) < 5


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [1, 2, 33])
def test_every_codec_gives_back_all_frames_however_few(tmp_path: Path, codec: str, count: int) -> None:
    scene = pan(frames=count, width=64, height=64)
    source = write_film(tmp_path / "film.mp4", scene.frames)
    write_copy(source, tmp_path / "painted.mkv", EncoderSettings(codec=codec, preset="ultrafast", crf=12))
    film, frames = read_video(tmp_path / "painted.mkv")
    assert times(frames, film) == [Fraction(n, 25) for n in range(count)]
    assert max(mean_difference(f.image, p) for f, p in zip(frames, scene.frames, strict=True)) < 12


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_a_variable_rate_is_kept(tmp_path: Path, codec: str, ending: str) -> None:
    pts = [0, 3600, 7200, 7290, 30000, 30090, 33600, 90000, 93600, 200000]
    source = write_film(tmp_path / "film.mp4", pan(len(pts), 64, 64).frames, pts=pts, time_base=Fraction(1, 90000))
    write_copy(source, tmp_path / f"painted.{ending}", EncoderSettings(codec=codec))
    film, frames = read_video(tmp_path / f"painted.{ending}")
    exact = [Fraction(tick, 90000) for tick in pts]
    tolerance = MILLISECOND / 2 if ending == "mkv" else 0
    assert all(abs(got - meant) <= tolerance for got, meant in zip(times(frames, film), exact, strict=True))


@example(gaps=[1, 1, 3], first=1, rate=Fraction(25), ending="mp4")
@example(gaps=[100, 91, 90, 600, 4000, 90], first=100, rate=Fraction(25), ending="mp4")
@settings(max_examples=10, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 4000), min_size=1, max_size=40),
    first=st.integers(0, 9000),
    rate=st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(60)]),
    ending=st.sampled_from(["mkv", "mp4"]),
)
def test_any_times_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int], first: int, rate: Fraction, ending: str
) -> None:
    folder = tmp_path_factory.mktemp("times")
    pts = np.cumsum([first, *gaps]).tolist()
    source = write_film(
        folder / "film.mp4", still(len(pts), 64, 48).frames, pts=pts, time_base=Fraction(1, 90000), rate=rate
    )
    write_copy(source, folder / f"painted.{ending}", EncoderSettings(preset="veryfast"))
    exact = [Fraction(tick, 90000) for tick in pts]
    film, frames = read_video(folder / f"painted.{ending}")
    assert len(packets(folder / f"painted.{ending}", "video")) == len(pts)
    assert times(frames, film) == (exact if ending == "mp4" else _in_milliseconds(exact))


def _in_milliseconds(moments: list[Fraction]) -> list[Fraction]:
    """Matroska's times: what falls on one millisecond cannot be told apart there, and is shown once."""
    return [Fraction(ms, 1000) for ms in sorted({floor(moment * 1000 + Fraction(1, 2)) for moment in moments})]


# --------------------------------------------------------------------------------------------------------- colour


@pytest.mark.parametrize("size", [(64, 48), (1280, 720)])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1", "ffv1"])
def test_a_colour_comes_out_as_it_was_painted_and_is_tagged(tmp_path: Path, size: tuple[int, int], codec: str) -> None:
    colour = (30, 190, 60)
    source = write_film(
        tmp_path / "film.mkv", flat(colour, 1, *size), codec="libx264rgb", pix_fmt="rgb24", tagged=False
    )
    write_copy(source, tmp_path / "painted.mkv", EncoderSettings(codec=codec, preset="ultrafast", crf=4))
    with av.open(str(tmp_path / "painted.mkv")) as container:
        frame = next(container.decode(video=0))
        planes = [np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[8, 8] for plane in frame.planes]
    hd = size[1] >= 720
    kr, kb = (0.2126, 0.0722) if hd else (0.299, 0.114)
    r, g, b = (value / 255 for value in colour)
    luma = kr * r + (1 - kr - kb) * g + kb * b
    expected = [16 + 219 * luma, 128 + 112 * (b - luma) / (1 - kb), 128 + 112 * (r - luma) / (1 - kr)]
    assert np.abs(np.array(planes, float) - expected).max() <= 2
    assert frame.colorspace == (1 if hd else 6)
    assert frame.color_range == 1
    assert frame.color_primaries in (1, 6)
    assert frame.color_trc in (1, 6)
    assert np.abs(read_video(tmp_path / "painted.mkv")[1][0].image.astype(int) - colour).max() <= 4


def test_tags_of_the_source_that_still_hold_are_kept(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mkv", flat((90, 90, 90), 1), matrix="bt709")
    write_copy(source, tmp_path / "painted.mkv")
    with av.open(str(tmp_path / "painted.mkv")) as container:
        context = container.streams.video[0].codec_context
        tags = context.color_primaries, context.color_trc, context.colorspace, context.color_range
    assert tags == (1, 1, 6, 1)  # at this height the matrix is that of BT.601, which every player assumes


def test_the_shape_of_pixels_is_kept_and_nothing_is_rotated(tmp_path: Path) -> None:
    for ending in ("mkv", "mp4"):
        source = write_film(tmp_path / f"film.{ending}", still(3).frames, rotation=90, sar=Fraction(4, 3))
        write_copy(source, tmp_path / f"painted.{ending}")
        film, _ = read_video(tmp_path / f"painted.{ending}")
        assert (film.width, film.height, film.rotation) == (64, 96, 0)
        assert film.sample_aspect_ratio == Fraction(3, 4)


# ---------------------------------------------------------------------------------------------------------- sound


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
def test_sound_is_copied_bit_for_bit_at_its_times(with_sound: Path, tmp_path: Path, ending: str) -> None:
    write_copy(with_sound, tmp_path / f"painted.{ending}")
    before, after = packets(with_sound, "audio"), packets(tmp_path / f"painted.{ending}", "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert max(abs(one[0] - two[0]) for one, two in zip(before, after, strict=True)) <= MILLISECOND / 2
    film, frames = read_video(tmp_path / f"painted.{ending}")
    assert times(frames, film) == [Fraction(n, 25) for n in range(60)]  # not moved by the sound's priming


@pytest.mark.parametrize("priming", [1024, 2112])
def test_what_an_encoder_puts_before_the_first_sound_is_heard_in_no_container(tmp_path: Path, priming: int) -> None:
    """2112 samples is what cameras put there. Times before zero, which players stumble on, must not be in Matroska."""
    extras = Extras(audio_start=(1024 - priming) / 48000)
    source = write_film(tmp_path / "film.mp4", pan(30, 64, 48).frames, audio=True, extras=extras)
    write_copy(source, tmp_path / "painted.mkv")
    with av.open(str(source)) as before, av.open(str(tmp_path / "painted.mkv")) as after:
        assert after.start_time == 0
        heard = [np.concatenate([f.to_ndarray()[0] for f in film.decode(audio=0)]) for film in (before, after)]
    assert np.array_equal(*heard)
    assert [data for _, data in packets(tmp_path / "painted.mkv", "audio")] == [
        data for _, data in packets(source, "audio")
    ]
    film, frames = read_video(tmp_path / "painted.mkv")
    assert times(frames, film)[0] == 0


@pytest.mark.parametrize("codec", ["pcm_s16le", "flac", "libmp3lame", "libopus", "ac3"])
def test_any_kind_of_sound_goes_along(tmp_path: Path, codec: str) -> None:
    source = write_film(
        tmp_path / "film.mkv", pan(frames=30, width=64, height=48).frames, audio=True, extras=Extras(audio_codec=codec)
    )
    write_copy(source, tmp_path / "painted.mkv")
    before, after = packets(source, "audio"), packets(tmp_path / "painted.mkv", "audio")
    assert before == after
    assert len(before) > 5


def test_sound_out_of_a_broadcast_goes_into_other_containers(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.ts", pan(frames=60, width=64, height=48).frames, audio=True)
    for ending in ("mkv", "mp4"):
        write_copy(source, tmp_path / f"painted.{ending}")
        with av.open(str(tmp_path / f"painted.{ending}")) as container:
            samples = sum(frame.samples for frame in container.decode(audio=0))
            assert abs(samples - 60 / 25 * 48000) <= 2048
        sound, film = packets(tmp_path / f"painted.{ending}", "audio"), packets(tmp_path / f"painted.{ending}", "video")
        late = packets(source, "video")[0][0] - packets(source, "audio")[0][0]
        assert abs((film[0][0] - sound[0][0]) - late) <= MILLISECOND
        assert 0 <= min(sound[0][0], film[0][0]) < Fraction(1, 10)  # not wherever the broadcast's clock was


def test_sound_and_picture_grow_side_by_side(with_sound: Path, tmp_path: Path) -> None:
    """A player never has to read far ahead: in the file's order, sound and picture are never far apart."""
    write_copy(with_sound, tmp_path / "painted.mkv", EncoderSettings())
    reached = {"audio": Fraction(0), "video": Fraction(0)}
    with av.open(str(tmp_path / "painted.mkv")) as container:
        for packet in container.demux():
            if packet.size:
                reached[packet.stream.type] = packet.pts * packet.time_base
                assert abs(reached["audio"] - reached["video"]) < Fraction(1, 4)


def test_sound_that_outlasts_the_picture_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    write_film(path, pan(frames=10, width=64, height=48).frames, audio=True, extras=Extras(audio_start=1.0))
    write_copy(path, tmp_path / "painted.mkv")
    assert packets(path, "audio") == packets(tmp_path / "painted.mkv", "audio")


# -------------------------------------------------------------------------------------------- ranges, and stopping


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_a_range_begins_at_zero_with_its_own_sound(with_sound: Path, tmp_path: Path, ending: str) -> None:
    write_copy(with_sound, tmp_path / f"painted.{ending}", start=0.8, end=1.6)
    film, frames = read_video(tmp_path / f"painted.{ending}")
    assert times(frames, film) == [Fraction(n, 25) for n in range(20)]
    before = {data: time for time, data in packets(with_sound, "audio")}
    sound = packets(tmp_path / f"painted.{ending}", "audio")
    assert all(abs(before[data] - Fraction(8, 10) - time) <= MILLISECOND for time, data in sound)
    assert sound[0][0] < Fraction(1024, 48000)
    assert Fraction(8, 10) - Fraction(2048, 48000) < sound[-1][0] < Fraction(8, 10)


def test_a_run_that_is_stopped_leaves_a_playable_part(with_sound: Path, tmp_path: Path) -> None:
    sink = write_copy(with_sound, tmp_path / "painted.mkv", EncoderSettings(), stop_after=30)
    assert not (tmp_path / "painted.mkv").exists()
    assert sink.partial == tmp_path / "painted.partial.mkv"
    film, frames = read_video(sink.partial)
    assert times(frames, film) == [Fraction(n, 25) for n in range(30)]
    end = packets(sink.partial, "audio")[-1][0]
    assert Fraction(30, 25) - Fraction(1024, 48000) <= end <= Fraction(30, 25)


def test_an_error_while_painting_leaves_what_was_painted(with_sound: Path, tmp_path: Path) -> None:
    def fail() -> None:
        film = probe(with_sound, SourceSettings())
        with open_writer(film, tmp_path / "painted.mkv", FAST) as sink:
            for frame in decode(film):
                sink.write(to_tensor(frame.image), frame.pts)
                if frame.index == 4:
                    raise RuntimeError("out of paint")

    with pytest.raises(RuntimeError, match="out of paint"):
        fail()
    assert len(read_video(tmp_path / "painted.partial.mkv")[1]) == 5


def test_a_gpu_hands_planes_to_the_encoder_and_the_film_is_the_same(
    with_sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planes(image: Tensor, luma: LumaWeights) -> np.ndarray:
        return rgb_to_yuv420(image, luma).numpy()

    lossless = EncoderSettings(crf=0, preset="ultrafast")
    write_copy(with_sound, tmp_path / "rgb.mkv", lossless)
    monkeypatch.setattr("streamstyle.stages.writer.to_host", planes)
    write_copy(with_sound, tmp_path / "planes.mkv", lossless)
    (film, pictures), (_, expected) = read_video(tmp_path / "planes.mkv"), read_video(tmp_path / "rgb.mkv")
    with av.open(tmp_path / "planes.mkv") as ours, av.open(tmp_path / "rgb.mkv") as theirs:
        mine, its = ours.streams.video[0].codec_context, theirs.streams.video[0].codec_context
        for tag in ("colorspace", "color_range", "color_primaries", "color_trc", "pix_fmt"):
            assert getattr(mine, tag) == getattr(its, tag)
    assert film.width == 64
    for one, other in zip(pictures, expected, strict=True):
        assert np.abs(one.image.astype(int) - other.image).max() <= 4  # a level of Y, U or V, as RGB


def test_nothing_is_left_of_a_run_that_painted_nothing(with_sound: Path, tmp_path: Path) -> None:
    write_copy(with_sound, tmp_path / "painted.mkv", stop_after=0)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_film_replaces_an_older_one_and_leaves_nothing_beside_it(with_sound: Path, tmp_path: Path) -> None:
    (tmp_path / "painted.mkv").write_bytes(b"older")
    write_copy(with_sound, tmp_path / "painted.mkv")
    assert [path.name for path in tmp_path.iterdir()] == ["painted.mkv"]
    assert len(read_video(tmp_path / "painted.mkv")[1]) == 60


# ----------------------------------------------------------------------------------------------------- a real film


def test_a_real_film_keeps_every_time_and_every_packet_of_its_sound(bunny: Path, tmp_path: Path) -> None:
    write_copy(bunny, tmp_path / "painted.mkv", height=90)
    film, frames = read_video(tmp_path / "painted.mkv")
    assert times(frames, film) == [Fraction(n, 25) for n in range(132)]
    before, after = packets(bunny, "audio"), packets(tmp_path / "painted.mkv", "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert len(after) == 249
