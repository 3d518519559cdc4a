"""Recordings joined to one file: one clock for all streams, whatever each part's own clock says."""

from __future__ import annotations

from array import array
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from streamstyle.media.file_clock import PacketTimes, find_joins
from tests.films import flat, pan, write_film
from tests.video_io import packets, read_video, times, write_copy

TICK = Fraction(1, 90_000)


def recording(
    path: Path,
    *,
    frames: int,
    sound_frames: int | None = None,
    flash: int = 10,
    suffix: str = "ts",
    codec: str = "libx264",
) -> bytes:
    """A black recording whose sound, as long as `sound_frames`, beeps while frame `flash` is white."""
    pictures = np.concatenate([flat((0, 0, 0), frames, 64, 48)])
    pictures[flash] = 255
    path = path.with_suffix(f".{suffix}")
    with av.open(str(path), "w", format="vob" if suffix == "vob" else None) as container:
        video = container.add_stream(
            codec, rate=25, width=64, height=48, pix_fmt="yuv420p", options={"g": "10", "bf": "2"}
        )
        sound = container.add_stream("ac3", rate=48000, layout="mono")
        count = (sound_frames or frames) * 1920
        wave = np.zeros(count, np.float32)
        beep = slice(flash * 1920, (flash + 1) * 1920)
        wave[beep] = 0.5 * np.sin(np.arange(1920) * 0.13)
        for picture in pictures:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(video.encode(None))
        for begin in range(0, count, 1536):
            block = av.AudioFrame.from_ndarray(wave[None, begin : begin + 1536], "fltp", "mono")
            block.sample_rate, block.pts, block.time_base = 48000, begin, Fraction(1, 48000)
            container.mux(sound.encode(block))
        container.mux(sound.encode(None))
    return path.read_bytes()


def flashes_and_beeps(path: Path) -> list[float]:
    """By how many seconds each beep begins after its flash."""
    video, frames = read_video(path)
    shown = times(frames, video)
    bright = [frame.image.mean() > 128 for frame in frames]
    flashes = [time for time, before, now in zip(shown[1:], bright, bright[1:], strict=False) if now and not before]
    beeps, quiet = [], True
    with av.open(str(path)) as container:
        for block in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(block.to_ndarray()[0]) > 0.05)
            if loud.size and quiet:
                beeps.append(block.pts * block.time_base + Fraction(int(loud[0]), 48000))
            quiet = not loud.size
    assert len(flashes) == len(beeps)
    return [float(beep - flash) for flash, beep in zip(flashes, beeps, strict=True)]


@pytest.mark.parametrize("sound_frames", [30, 38, 50, 62])
@pytest.mark.parametrize("suffix", ["ts", "vob"])
def test_sound_and_picture_of_joined_recordings_stay_together(tmp_path: Path, suffix: str, sound_frames: int) -> None:
    codec = "mpeg2video" if suffix == "vob" else "libx264"
    first = recording(tmp_path / "a", frames=50, sound_frames=sound_frames, suffix=suffix, codec=codec)
    second = recording(tmp_path / "b", frames=50, suffix=suffix, codec=codec)
    joined = tmp_path / f"joined.{suffix}"
    joined.write_bytes(first + second + second)
    write_copy(joined, tmp_path / "output.mkv")
    assert len(read_video(tmp_path / "output.mkv")[1]) == 150
    offsets = flashes_and_beeps(tmp_path / "output.mkv")
    assert len(offsets) == 3
    assert max(abs(offset - offsets[0]) for offset in offsets) < 0.02


def test_short_parts_give_all_frames_and_ranges(tmp_path: Path) -> None:
    part = recording(tmp_path / "a", frames=20)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part * 4)
    video, frames = read_video(joined)
    assert video.frames == len(frames) == 80
    assert len(video.joins) == 3
    shown = times(frames, video)
    assert all(0 < later - earlier < Fraction(1, 10) for earlier, later in pairwise(shown))
    start, end = float(shown[30] - shown[0]), float(shown[50] - shown[0])
    part_video, part_frames = read_video(joined, start=start, end=end)
    expected = [frame for frame, time in zip(frames, shown, strict=True) if start <= time - shown[0] < end]
    assert part_video.frames == len(part_frames) == len(expected)
    assert all(np.array_equal(one.image, other.image) for one, other in zip(part_frames, expected, strict=True))


def test_subtitles_of_a_second_part_are_kept(tmp_path: Path) -> None:
    joined = tmp_path / "joined.ts"
    parts = []
    for number in range(2):
        source = write_film(tmp_path / f"{number}.ts", pan(50, 64, 48).frames, audio=True)
        parts.append(with_dvb_subtitle(source, at=1.0).read_bytes())
    joined.write_bytes(b"".join(parts))
    write_copy(joined, tmp_path / "output.mkv")
    shown = [float(time) for time, _ in packets(tmp_path / "output.mkv", "subtitle")]
    assert shown == [pytest.approx(1.0, abs=0.1), pytest.approx(3.0, abs=0.1)]


def with_dvb_subtitle(source: Path, at: float) -> Path:
    """A copy of a broadcast with a subtitle `at` seconds after its start."""
    target = source.with_name(f"subtitled-{source.name}")
    with av.open(str(source)) as before, av.open(str(target), "w") as after:
        streams = {stream.index: after.add_stream_from_template(stream) for stream in before.streams}
        subtitles = after.add_stream("dvbsub")
        subtitles.time_base = TICK
        start = before.start_time * 90_000 // av.time_base
        pending = av.Packet(b"\x20\x00\x0f" + bytes(8) + b"\xff")
        for packet in before.demux():
            if pending is not None and packet.dts is not None and packet.dts > start + at * 90_000:
                pending.stream, pending.time_base = subtitles, TICK
                pending.pts = pending.dts = round(start + at * 90_000)
                after.mux(pending)
                pending = None
            if packet.size:
                packet.stream = streams[packet.stream_index]
                after.mux(packet)
    return target


def stream(stored: list[int], step: int = 3600, first_byte: int = 0) -> PacketTimes:
    """A stream whose packets lie 1000 bytes apart."""
    positions = array("q", range(first_byte, first_byte + 1000 * len(stored), 1000))
    ticks = array("q", stored)
    return PacketTimes(TICK, ticks, ticks, array("q", [step] * len(stored)), positions)


def test_a_single_damaged_time_is_no_join() -> None:
    rising = [3600 * n for n in range(50)]
    for damaged in (0, 10**9):
        video = stream([*rising[:20], damaged, *rising[21:]])
        assert find_joins([video], video, discontinuous=True) == ()


def test_all_streams_get_the_shift_of_the_one_that_ends_last() -> None:
    video, sound = stream([3600 * n for n in range(25)] * 2), stream([3600 * n for n in range(35)] * 2, first_byte=1)
    sound.positions = array("q", [*range(1, 24_000, 680)][:35] + [*range(25_001, 48_000, 680)][: 35 - 1] + [49_500])
    (join,) = find_joins([video, sound], video, discontinuous=True)
    assert 24_000 < join.position <= 25_001
    assert join.shift == 35 * Fraction(1, 25)


def test_a_gap_in_a_file_that_allows_for_no_joins_stays() -> None:
    ticks = [3600 * n for n in range(20)]
    video = stream([*ticks, *(tick + 90_000 * 60 for tick in ticks)])
    assert find_joins([video], video, discontinuous=False) == ()
    (join,) = find_joins([video], video, discontinuous=True)
    assert join.shift == 20 * Fraction(1, 25) - 60
