"""What becomes of sound of every codec in every container: copied, or converted without loss where possible."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.media.probe import probe
from streamstyle.media.stream_plan import StreamAction, StreamPlan, plan_streams
from streamstyle.ops.image import to_tensor
from streamstyle.outputs import open_writer
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.decode import decode
from tests.films import Extras, pan, write_film
from tests.video_io import mean_difference, packets, read_video, times, write_copy

VP9 = EncoderSettings(codec="libvpx-vp9", preset="ultrafast")
PICTURES = pan(frames=30, width=64, height=48).frames

COPIED = "copied"
TABLE = {
    ("wmav2", "avi"): {"mkv": COPIED, "mp4": "flac", "mov": "pcm_s24le", "avi": COPIED, "ts": "mp2", "webm": "opus"},
    ("adpcm_ms", "avi"): {"mkv": COPIED, "mp4": "flac", "mov": "pcm_s16le", "avi": COPIED, "ts": "mp2", "flv": "mp3"},
    ("adpcm_ima_qt", "mov"): {"mkv": "flac", "mp4": "flac", "mov": COPIED, "avi": "pcm_s16le", "mpg": "mp2"},
    ("pcm_alaw", "avi"): {"mkv": COPIED, "mp4": "flac", "mov": COPIED, "avi": COPIED, "ts": "mp2", "webm": "opus"},
    ("g722", "avi"): {"mkv": COPIED, "mp4": "flac", "mov": "pcm_s16le", "avi": COPIED, "ts": "mp2"},
    ("pcm_s24le", "mov"): {"mkv": COPIED, "mp4": COPIED, "avi": COPIED, "ts": "mp2", "flv": "mp3", "webm": "opus"},
    ("flac", "mkv"): {"mkv": COPIED, "mp4": COPIED, "mov": "pcm_s16le", "avi": COPIED, "ts": "mp2", "ogv": COPIED},
    ("aac", "mp4"): {"mkv": COPIED, "mp4": COPIED, "mov": COPIED, "avi": COPIED, "ts": COPIED, "flv": COPIED},
    ("libmp3lame", "mkv"): {"mkv": COPIED, "mp4": COPIED, "mov": COPIED, "avi": COPIED, "ts": COPIED, "mpg": COPIED},
    ("ac3", "ts"): {"mkv": COPIED, "mp4": COPIED, "mov": COPIED, "avi": COPIED, "ts": COPIED, "webm": "opus"},
    ("libopus", "mkv"): {"mkv": COPIED, "mp4": COPIED, "mov": "pcm_s24le", "ts": COPIED, "webm": COPIED},
}
"""By the source's codec and container: what each container gets."""


def write_source(folder: Path, codec: str, suffix: str) -> Path:
    return write_film(folder / f"film.{suffix}", PICTURES, audio=True, extras=Extras(audio_codec=codec))


def plan_sound(source: Path, output: str) -> StreamPlan:
    (planned,) = plan_streams(probe(source, SourceSettings()), Path(output))
    return planned


def decode_sound(path: Path) -> tuple[Fraction, NDArray[np.float64]]:
    """Time of the first sample in seconds, and all samples between -1 and 1."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    resampler = av.AudioResampler(format="dbl", layout="mono", rate=frames[0].sample_rate)
    samples = [each.to_ndarray()[0] for frame in frames for each in resampler.resample(frame)]
    return frames[0].pts * frames[0].time_base, np.concatenate(samples)


@pytest.mark.parametrize(("codec", "suffix"), TABLE)
def test_sound_is_copied_where_the_container_holds_it_and_converted_elsewhere(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    source = write_source(tmp_path, codec, suffix)
    for ending, expected in TABLE[codec, suffix].items():
        planned = plan_sound(source, f"output.{ending}")
        if expected == COPIED:
            assert (planned.action, planned.reason) == (StreamAction.copied, None), ending
        else:
            assert planned.action is StreamAction.converted, ending
            assert planned.reason == f"{planned.stream.codec} becomes {expected}"


@pytest.mark.parametrize("codec", ["wmav2", "adpcm_ms", "adpcm_yamaha", "pcm_alaw"])
def test_matroska_holds_all_sound_that_wav_can_hold(tmp_path: Path, codec: str) -> None:
    """PyAV knows only a list of codecs, which is shorter."""
    film = write_source(tmp_path, codec, "avi")
    write_copy(film, tmp_path / "output.mkv", EncoderSettings(preset="ultrafast"))
    before, after = packets(film, "audio"), packets(tmp_path / "output.mkv", "audio")
    assert [data for _, data in before] == [data for _, data in after]
    assert max(abs(one[0] - two[0]) for one, two in zip(before, after, strict=True)) <= Fraction(1, 1000)
    video, frames = read_video(tmp_path / "output.mkv")
    assert times(frames, video) == [Fraction(n, 25) for n in range(30)]
    assert max(mean_difference(f.image, p) for f, p in zip(frames, PICTURES, strict=True)) < 12


def test_aac_in_latm_is_copied_into_matroska(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.ts", PICTURES, audio=True, container_options={"mpegts_flags": "latm"})
    assert probe(film, SourceSettings()).streams[1].codec == "aac_latm"
    write_copy(film, tmp_path / "output.mkv")
    before, after = packets(film, "audio"), packets(tmp_path / "output.mkv", "audio")
    assert [data for _, data in before] == [data for _, data in after]
    assert np.array_equal(decode_sound(film)[1], decode_sound(tmp_path / "output.mkv")[1])


def test_chapters_are_kept_beside_sound_that_has_to_be_converted_for_them(tmp_path: Path) -> None:
    extras = Extras(audio_codec="pcm_alaw", chapters=[(0.0, 0.5, "One"), (0.5, 1.2, "Two")])
    film = write_film(tmp_path / "film.mov", PICTURES, audio=True, extras=extras)
    assert plan_streams(probe(film, SourceSettings()), Path("output.mkv"))[0].reason == "pcm_alaw becomes flac"
    write_copy(film, tmp_path / "output.mkv")
    with av.open(str(tmp_path / "output.mkv")) as container:
        assert len(container.chapters()) == 2


@pytest.mark.parametrize(
    ("codec", "source", "target"),
    [("adpcm_ima_qt", "mov", "mkv"), ("pcm_alaw", "avi", "mp4"), ("adpcm_ms", "avi", "mov")],
)
def test_converted_sound_is_the_same_at_the_same_time(tmp_path: Path, codec: str, source: str, target: str) -> None:
    film = write_source(tmp_path, codec, source)
    write_copy(film, tmp_path / f"output.{target}")
    (begin, before), (output_begin, after) = decode_sound(film), decode_sound(tmp_path / f"output.{target}")
    assert abs(begin - output_begin) <= Fraction(1, 1000)
    assert np.array_equal(before, after[: len(before)])
    assert not after[len(before) :].any()
    assert np.abs(before).max() > 0.2


@pytest.mark.parametrize("suffix", ["mp4", "mov", "m4v"])
def test_an_mp4_with_sound_of_a_broadcast_plays_after_a_kill(tmp_path: Path, suffix: str) -> None:
    """AAC in MPEG-TS has a header in every packet; MP4 has it at the front."""
    film = write_film(tmp_path / "film.ts", pan(frames=90, width=64, height=48).frames, audio=True)
    video = probe(film, SourceSettings())
    killed = tmp_path / f"killed.{suffix}"
    with open_writer(video, tmp_path / f"output.{suffix}", EncoderSettings(codec="mpeg4")) as writer:
        for frame in decode(video):
            writer.write(to_tensor(frame.image), frame.pts)
            if frame.index == 80:
                shutil.copy(writer.partial, killed)
        writer.publish()
    with av.open(str(killed)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert frames > 50
    assert len(decode_sound(killed)[1]) > frames * 48000 / 25 - 5000
    (_, before), (_, after) = decode_sound(film), decode_sound(tmp_path / f"output.{suffix}")
    assert np.array_equal(before, after[: len(before)])


def test_converted_sound_of_a_range_belongs_to_its_frames(tmp_path: Path) -> None:
    film = write_source(tmp_path, "pcm_alaw", "avi")
    write_copy(film, tmp_path / "output.mp4", start=0.4, end=0.8)
    begin, after = decode_sound(tmp_path / "output.mp4")
    _, before = decode_sound(film)
    assert 0 <= begin < Fraction(1, 10)
    first = round((Fraction(4, 10) + begin) * 48000)
    shift = min(range(-50, 51), key=lambda shift: np.abs(before[first + shift :][:4800] - after[:4800]).max())
    assert np.array_equal(before[first + shift :][:4800], after[:4800])
    assert abs(len(after) / 48000 - 0.4) < 0.1


def test_a_gap_in_converted_sound_becomes_silence(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", PICTURES, audio=True, extras=Extras(audio_codec="flac", audio_start=0.5))
    write_copy(film, tmp_path / "output.ts")
    assert plan_sound(film, "output.ts").codec == "mp2"
    begin, samples = decode_sound(tmp_path / "output.ts")
    with av.open(str(tmp_path / "output.ts")) as container:
        video_begin = container.streams.video[0].start_time * container.streams.video[0].time_base
    heard = begin - video_begin + Fraction(int(np.argmax(np.abs(samples) > 0.05)), 48000)
    assert abs(heard - Fraction(1, 2)) < Fraction(1, 20)


def test_damaged_packets_of_converted_sound_leave_the_rest(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.ts", PICTURES, audio=True, extras=Extras(audio_codec="ac3"))
    data = film.read_bytes()
    damaged = packets(film, "audio")[5][1][:30]
    film.write_bytes(data.replace(damaged, bytes(len(damaged)), 1))
    write_copy(film, tmp_path / "output.webm", encoder=VP9)
    _, samples = decode_sound(tmp_path / "output.webm")
    assert len(samples) > 40_000
