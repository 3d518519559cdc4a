"""The output has every frame at its time and in its colours, and the sound of the source."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from math import floor
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from streamstyle.media.captions import with_captions
from streamstyle.media.probe import probe
from streamstyle.ops.image import to_tensor
from streamstyle.ops.luma import LumaWeights
from streamstyle.ops.yuv import rgb_to_yuv420
from streamstyle.outputs import open_writer
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.decode import decode
from tests.films import Extras, flat, moving_square, pan, still, to_frame, write_film
from tests.video_io import FAST, mean_difference, packets, read_video, times, write_copy

CODECS = ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "mpeg4", "ffv1"]
MILLISECOND = Fraction(1, 1000)


@pytest.fixture(scope="module")
def with_sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sources") / "film.mp4"
    return write_film(path, pan(frames=60, width=64, height=48).frames, audio=True)


# ----------------------------------------------------------------------------------------------------- frames and times


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov"])
def test_every_frame_is_written_at_its_time(tmp_path: Path, suffix: str) -> None:
    scene = moving_square(frames=34)
    source = write_film(tmp_path / "film.mp4", scene.frames)
    write_copy(source, tmp_path / f"output.{suffix}", EncoderSettings(crf=8))
    video, frames = read_video(tmp_path / f"output.{suffix}")
    assert times(frames, video) == [Fraction(n, 25) for n in range(34)]
    for frame, picture in zip(frames, scene.frames, strict=True):
        assert mean_difference(frame.image, picture) < 5


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [1, 2, 33])
def test_every_codec_writes_all_frames(tmp_path: Path, codec: str, count: int) -> None:
    scene = pan(frames=count, width=64, height=64)
    source = write_film(tmp_path / "film.mp4", scene.frames)
    write_copy(source, tmp_path / "output.mkv", EncoderSettings(codec=codec, preset="ultrafast", crf=12))
    video, frames = read_video(tmp_path / "output.mkv")
    assert times(frames, video) == [Fraction(n, 25) for n in range(count)]
    assert max(mean_difference(f.image, p) for f, p in zip(frames, scene.frames, strict=True)) < 12


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_variable_frame_rate_is_kept(tmp_path: Path, codec: str, suffix: str) -> None:
    pts = [0, 3600, 7200, 7290, 30000, 30090, 33600, 90000, 93600, 200000]
    source = write_film(tmp_path / "film.mp4", pan(len(pts), 64, 64).frames, pts=pts, time_base=Fraction(1, 90000))
    write_copy(source, tmp_path / f"output.{suffix}", EncoderSettings(codec=codec))
    video, frames = read_video(tmp_path / f"output.{suffix}")
    exact = [Fraction(tick, 90000) for tick in pts]
    tolerance = MILLISECOND / 2 if suffix == "mkv" else 0
    assert all(abs(got - meant) <= tolerance for got, meant in zip(times(frames, video), exact, strict=True))


@example(gaps=[1, 1, 3], first=1, rate=Fraction(25), suffix="mp4")
@example(gaps=[100, 91, 90, 600, 4000, 90], first=100, rate=Fraction(25), suffix="mp4")
@settings(max_examples=10, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 4000), min_size=1, max_size=40),
    first=st.integers(0, 9000),
    rate=st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(60)]),
    suffix=st.sampled_from(["mkv", "mp4"]),
)
def test_any_display_times_are_kept(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int], first: int, rate: Fraction, suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("times")
    pts = np.cumsum([first, *gaps]).tolist()
    source = write_film(
        folder / "film.mp4", still(len(pts), 64, 48).frames, pts=pts, time_base=Fraction(1, 90000), rate=rate
    )
    write_copy(source, folder / f"output.{suffix}", EncoderSettings(preset="veryfast"))
    exact = [Fraction(tick, 90000) for tick in pts]
    video, frames = read_video(folder / f"output.{suffix}")
    assert len(packets(folder / f"output.{suffix}", "video")) == len(pts)
    assert times(frames, video) == (exact if suffix == "mp4" else _in_milliseconds(exact))


def _in_milliseconds(seconds: list[Fraction]) -> list[Fraction]:
    """Times as Matroska stores them; of frames in the same millisecond only one is shown."""
    return [Fraction(ms, 1000) for ms in sorted({floor(second * 1000 + Fraction(1, 2)) for second in seconds})]


def write_gif(path: Path, durations: list[int]) -> Path:
    """Write an animation; `durations` are in hundredths of a second."""
    with av.open(str(path), "w", container_options={"final_delay": str(durations[-1])}) as container:
        stream = container.add_stream("gif", rate=10, width=64, height=48, pix_fmt="bgr8", time_base=Fraction(1, 100))
        starts = [sum(durations[:index]) for index in range(len(durations))]
        for picture, start, duration in zip(pan(len(durations), 64, 48).frames, starts, durations, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="bgr8")
            frame.pts, frame.duration, frame.time_base = start, duration, Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "suffix"), [*((codec, "mkv") for codec in CODECS), ("libx264", "mp4"), ("libx265", "mp4")]
)
def test_the_last_frame_is_shown_as_long_as_in_the_source(tmp_path: Path, codec: str, suffix: str) -> None:
    source = write_gif(tmp_path / "film.gif", [10, 30, 5, 100, 10, 300])
    with av.open(str(source)) as container:
        assert container.duration == 4_550_000
    write_copy(source, tmp_path / f"output.{suffix}", EncoderSettings(codec=codec, preset="ultrafast"))
    with av.open(str(tmp_path / f"output.{suffix}")) as container:
        assert abs(container.duration - 4_550_000) <= 10_000


def test_a_range_ends_where_it_was_asked_to(tmp_path: Path) -> None:
    source = write_gif(tmp_path / "film.gif", [10, 30, 5, 100, 10, 300])
    write_copy(source, tmp_path / "output.mkv", start=0.1, end=1.0)
    with av.open(str(tmp_path / "output.mkv")) as container:
        assert container.duration == 900_000


# ------------------------------------------------------------------------------------------------------ closed captions


HELLO = [b"\xfc" + bytes.fromhex(pair) for pair in ("9420", "9470", "c845", "4c4c", "4f20", "942f")]
"""EIA-608 in field 1: start a caption, place the cursor, HELLO, show it."""


def write_captioned(path: Path, captions: list[bytes], codec: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, width=64, height=48, pix_fmt="yuv420p")
        for index, picture in enumerate(pan(len(captions), 64, 48).frames):
            frame = with_captions(to_frame(picture, "yuv420p"), captions[index])
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def stored_captions(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [
            b"".join(bytes(data) for data in frame.side_data if data.type.name == "A53_CC")
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("source", ["film.ts", "film.mpg", "film.mkv"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_closed_captions_are_carried_into_the_output(tmp_path: Path, source: str, codec: str) -> None:
    path = write_captioned(tmp_path / source, HELLO, "mpeg2video" if source == "film.mpg" else "libx264")
    assert stored_captions(path) == HELLO
    writer = write_copy(path, tmp_path / "output.mkv", EncoderSettings(codec=codec, preset="ultrafast"))
    assert stored_captions(tmp_path / "output.mkv") == HELLO
    assert not list(writer.warnings(stopped=False))
    for before, after in zip(read_video(path)[1], read_video(tmp_path / "output.mkv")[1], strict=True):
        assert mean_difference(before.image, after.image) < 6


@pytest.mark.parametrize(("captions", "lost"), [(HELLO, 6), ([b"\xfc\x80\x80\xfd\x80\x80"] * 6, 0)])
def test_closed_captions_that_the_encoder_cannot_hold_are_reported(
    tmp_path: Path, captions: list[bytes], lost: int
) -> None:
    path = write_captioned(tmp_path / "film.ts", captions, "libx264")
    writer = write_copy(path, tmp_path / "output.mkv", EncoderSettings(codec="libvpx-vp9", preset="ultrafast"))
    expected = [f"closed captions of {lost} frames were left out: libvpx-vp9 cannot hold them"] if lost else []
    assert list(writer.warnings(stopped=False)) == expected


# --------------------------------------------------------------------------------------------------------------- colour


@pytest.mark.parametrize("size", [(64, 48), (1280, 720)])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1", "ffv1"])
def test_a_colour_is_kept_and_tagged(tmp_path: Path, size: tuple[int, int], codec: str) -> None:
    colour = (30, 190, 60)
    source = write_film(
        tmp_path / "film.mkv", flat(colour, 1, *size), codec="libx264rgb", pix_fmt="rgb24", tagged=False
    )
    encoder = EncoderSettings(codec=codec, preset="ultrafast", crf=4, pix_fmt="yuv420p")
    write_copy(source, tmp_path / "output.mkv", encoder)
    with av.open(str(tmp_path / "output.mkv")) as container:
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
    assert np.abs(read_video(tmp_path / "output.mkv")[1][0].image.astype(int) - colour).max() <= 4


def test_colour_tags_of_the_source_that_still_apply_are_kept(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mkv", flat((90, 90, 90), 1), matrix="bt709")
    write_copy(source, tmp_path / "output.mkv")
    with av.open(str(tmp_path / "output.mkv")) as container:
        context = container.streams.video[0].codec_context
        tags = context.color_primaries, context.color_trc, context.colorspace, context.color_range
    assert tags == (1, 1, 6, 1)  # at this height the matrix is that of BT.601, which every player assumes


def test_the_sample_aspect_ratio_is_kept_and_nothing_is_rotated(tmp_path: Path) -> None:
    for suffix in ("mkv", "mp4"):
        source = write_film(tmp_path / f"film.{suffix}", still(3).frames, rotation=90, sar=Fraction(4, 3))
        write_copy(source, tmp_path / f"output.{suffix}")
        video, _ = read_video(tmp_path / f"output.{suffix}")
        assert (video.width, video.height, video.rotation) == (64, 96, 0)
        assert video.sample_aspect_ratio == Fraction(3, 4)


# ---------------------------------------------------------------------------------------------------------------- sound


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov"])
def test_sound_is_copied_bit_for_bit_at_its_times(with_sound: Path, tmp_path: Path, suffix: str) -> None:
    write_copy(with_sound, tmp_path / f"output.{suffix}")
    before, after = packets(with_sound, "audio"), packets(tmp_path / f"output.{suffix}", "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert max(abs(one[0] - two[0]) for one, two in zip(before, after, strict=True)) <= MILLISECOND / 2
    video, frames = read_video(tmp_path / f"output.{suffix}")
    assert times(frames, video) == [Fraction(n, 25) for n in range(60)]  # not moved by the sound's priming


@pytest.mark.parametrize("priming", [1024, 2112])
def test_audio_priming_is_played_in_no_container(tmp_path: Path, priming: int) -> None:
    """Cameras use 2112 samples. Matroska must hold no negative times, which some players cannot handle."""
    extras = Extras(audio_start=(1024 - priming) / 48000)
    source = write_film(tmp_path / "film.mp4", pan(30, 64, 48).frames, audio=True, extras=extras)
    write_copy(source, tmp_path / "output.mkv")
    with av.open(str(source)) as before, av.open(str(tmp_path / "output.mkv")) as after:
        assert after.start_time == 0
        heard = [np.concatenate([f.to_ndarray()[0] for f in file.decode(audio=0)]) for file in (before, after)]
    assert np.array_equal(*heard)
    assert [data for _, data in packets(tmp_path / "output.mkv", "audio")] == [
        data for _, data in packets(source, "audio")
    ]
    video, frames = read_video(tmp_path / "output.mkv")
    assert times(frames, video)[0] == 0


@pytest.mark.parametrize("codec", ["pcm_s16le", "flac", "libmp3lame", "libopus", "ac3"])
def test_every_audio_codec_is_copied(tmp_path: Path, codec: str) -> None:
    source = write_film(
        tmp_path / "film.mkv", pan(frames=30, width=64, height=48).frames, audio=True, extras=Extras(audio_codec=codec)
    )
    write_copy(source, tmp_path / "output.mkv")
    before, after = packets(source, "audio"), packets(tmp_path / "output.mkv", "audio")
    assert before == after
    assert len(before) > 5


def test_sound_of_a_transport_stream_is_copied_to_other_containers(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.ts", pan(frames=60, width=64, height=48).frames, audio=True)
    for suffix in ("mkv", "mp4"):
        write_copy(source, tmp_path / f"output.{suffix}")
        with av.open(str(tmp_path / f"output.{suffix}")) as container:
            samples = sum(frame.samples for frame in container.decode(audio=0))
            assert abs(samples - 60 / 25 * 48000) <= 2048
        sound, picture = (
            packets(tmp_path / f"output.{suffix}", "audio"),
            packets(tmp_path / f"output.{suffix}", "video"),
        )
        late = packets(source, "video")[0][0] - packets(source, "audio")[0][0]
        assert abs((picture[0][0] - sound[0][0]) - late) <= MILLISECOND
        assert 0 <= min(sound[0][0], picture[0][0]) < Fraction(1, 10)  # not at the time of the broadcast's clock


def test_sound_and_video_are_interleaved(with_sound: Path, tmp_path: Path) -> None:
    """A player never has to read far ahead: in file order, the times of sound and video are close together."""
    write_copy(with_sound, tmp_path / "output.mkv", EncoderSettings())
    reached = {"audio": Fraction(0), "video": Fraction(0)}
    with av.open(str(tmp_path / "output.mkv")) as container:
        for packet in container.demux():
            if packet.size:
                reached[packet.stream.type] = packet.pts * packet.time_base
                assert abs(reached["audio"] - reached["video"]) < Fraction(1, 4)


def test_sound_that_is_longer_than_the_video_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    write_film(path, pan(frames=10, width=64, height=48).frames, audio=True, extras=Extras(audio_start=1.0))
    write_copy(path, tmp_path / "output.mkv")
    assert packets(path, "audio") == packets(tmp_path / "output.mkv", "audio")


# -------------------------------------------------------------------------------------------------- ranges and stopping


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_time_range_starts_at_zero_with_its_own_sound(with_sound: Path, tmp_path: Path, suffix: str) -> None:
    write_copy(with_sound, tmp_path / f"output.{suffix}", start=0.8, end=1.6)
    video, frames = read_video(tmp_path / f"output.{suffix}")
    assert times(frames, video) == [Fraction(n, 25) for n in range(20)]
    before = {data: time for time, data in packets(with_sound, "audio")}
    sound = packets(tmp_path / f"output.{suffix}", "audio")
    assert all(abs(before[data] - Fraction(8, 10) - time) <= MILLISECOND for time, data in sound)
    assert sound[0][0] < Fraction(1024, 48000)
    assert Fraction(8, 10) - Fraction(2048, 48000) < sound[-1][0] < Fraction(8, 10)


def test_a_stopped_run_leaves_a_playable_file(with_sound: Path, tmp_path: Path) -> None:
    writer = write_copy(with_sound, tmp_path / "output.mkv", EncoderSettings(), stop_after=30)
    assert not (tmp_path / "output.mkv").exists()
    assert writer.partial == tmp_path / "output.partial.mkv"
    video, frames = read_video(writer.partial)
    assert times(frames, video) == [Fraction(n, 25) for n in range(30)]
    end = packets(writer.partial, "audio")[-1][0]
    assert Fraction(30, 25) - Fraction(1024, 48000) <= end <= Fraction(30, 25)


def test_an_error_leaves_the_finished_frames(with_sound: Path, tmp_path: Path) -> None:
    def fail() -> None:
        video = probe(with_sound, SourceSettings())
        with open_writer(video, tmp_path / "output.mkv", FAST) as writer:
            for frame in decode(video):
                writer.write(to_tensor(frame.image), frame.pts)
                if frame.index == 4:
                    raise RuntimeError("stage failed")

    with pytest.raises(RuntimeError, match="stage failed"):
        fail()
    assert len(read_video(tmp_path / "output.partial.mkv")[1]) == 5


@pytest.mark.skipif(sys.platform != "linux", reason="needs the policies of Linux")
def test_no_thread_of_an_encoder_is_a_real_time_one(with_sound: Path, tmp_path: Path) -> None:
    """As root SVT-AV1 would make them such, and they would take the cores from everything else."""
    video = probe(with_sound, SourceSettings())
    with open_writer(video, tmp_path / "output.mkv", EncoderSettings(codec="libsvtav1", preset="ultrafast")) as writer:
        for frame in decode(video):
            writer.write(to_tensor(frame.image), frame.pts)
        threads = [int(path.name) for path in Path("/proc/self/task").iterdir()]
        assert len(threads) > 10
        assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_OTHER}


def test_yuv_planes_from_a_gpu_give_the_same_video(
    with_sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planes(image: Tensor, luma: LumaWeights) -> np.ndarray:
        return rgb_to_yuv420(image, luma).numpy()

    lossless = EncoderSettings(crf=0, preset="ultrafast")
    write_copy(with_sound, tmp_path / "rgb.mkv", lossless)
    monkeypatch.setattr("streamstyle.stages.writer.to_host", planes)
    write_copy(with_sound, tmp_path / "planes.mkv", lossless)
    (video, pictures), (_, expected) = read_video(tmp_path / "planes.mkv"), read_video(tmp_path / "rgb.mkv")
    with av.open(tmp_path / "planes.mkv") as ours, av.open(tmp_path / "rgb.mkv") as theirs:
        mine, its = ours.streams.video[0].codec_context, theirs.streams.video[0].codec_context
        for tag in ("colorspace", "color_range", "color_primaries", "color_trc", "pix_fmt"):
            assert getattr(mine, tag) == getattr(its, tag)
    assert video.width == 64
    for one, other in zip(pictures, expected, strict=True):
        assert np.abs(one.image.astype(int) - other.image).max() <= 4  # a level of Y, U or V, as RGB


def test_a_run_without_frames_leaves_no_file(with_sound: Path, tmp_path: Path) -> None:
    write_copy(with_sound, tmp_path / "output.mkv", stop_after=0)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_output_replaces_an_older_one(with_sound: Path, tmp_path: Path) -> None:
    (tmp_path / "output.mkv").write_bytes(b"older")
    write_copy(with_sound, tmp_path / "output.mkv")
    assert [path.name for path in tmp_path.iterdir()] == ["output.mkv"]
    assert len(read_video(tmp_path / "output.mkv")[1]) == 60


def test_a_range_of_flv_begins_with_its_own_sound(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.flv", pan(frames=60, width=64, height=48).frames, audio=True)
    write_copy(source, tmp_path / "output.mkv", start=0.5, end=2.0)
    assert abs(packets(tmp_path / "output.mkv", "audio")[0][0]) < Fraction(1024, 48000)


@pytest.mark.parametrize("suffix", ["mkv", "mov"])
def test_packets_of_sound_shorter_than_a_tick_are_all_kept(tmp_path: Path, suffix: str) -> None:
    source = write_film(tmp_path / "film.mkv", pan(frames=25, width=64, height=48).frames)
    short = tmp_path / "short.mkv"
    blocks = [bytes([block]) * 48 for block in range(200)]  # 24 samples, half a millisecond
    with av.open(str(source)) as film, av.open(str(short), "w") as target:
        video = target.add_stream_from_template(film.streams.video[0])
        sound = target.add_stream("pcm_s16le", rate=48000, layout="mono")
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = video
                target.mux(packet)
        for number, block in enumerate(blocks):
            packet = av.Packet(block)
            packet.stream, packet.time_base = sound, Fraction(1, 48000)
            packet.pts = packet.dts = 24 * number
            target.mux(packet)
    writer = write_copy(short, tmp_path / f"output.{suffix}")
    assert writer.dropped_packets == 0
    copied = b"".join(data for _, data in packets(tmp_path / f"output.{suffix}", "audio"))
    assert copied == b"".join(blocks)


# ---------------------------------------------------------------------------------------------------------- a real film


def test_a_real_film_keeps_every_time_and_every_audio_packet(bunny: Path, tmp_path: Path) -> None:
    write_copy(bunny, tmp_path / "output.mkv", height=90)
    video, frames = read_video(tmp_path / "output.mkv")
    assert times(frames, video) == [Fraction(n, 25) for n in range(132)]
    before, after = packets(bunny, "audio"), packets(tmp_path / "output.mkv", "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert len(after) == 249
