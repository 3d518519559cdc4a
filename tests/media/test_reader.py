"""Files that are not videos, damaged videos, and timestamps that do not rise."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamstyle.errors import VideoError
from streamstyle.media.decoder import decode_frames
from streamstyle.media.probe import probe
from streamstyle.media.reader import find_video_stream, open_video
from streamstyle.settings import SourceSettings
from tests.films import Attachment, Extras, flat, moving_square, pan, png, write_film
from tests.video_io import mean_difference, read_video


def test_a_file_that_is_not_a_video_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "notes.txt").write_text("Dear diary, this is not a video.\n" * 50)
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
        "folder": "is a folder",
        "empty.mp4": "is empty",
        "noise.mp4": "is not a film",
        "notes.txt": "is not a film",
        "wave.png": "is not a film",
        "sound.m4a": "has no video",
    }.items():
        with pytest.raises(VideoError, match=problem) as caught:
            probe(tmp_path / name, SourceSettings())
        assert str(tmp_path / name) in caught.value.problem
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.mp4")
    with pytest.raises(VideoError, match=r"film.mp4 is a pipe, not a file\. Save the film as a file first"):
        probe(tmp_path / "film.mp4", SourceSettings())
    with pytest.raises(VideoError, match="/dev/zero is a device"):
        probe(Path("/dev/zero"), SourceSettings())


def test_a_truncated_mp4_is_an_error_that_says_why(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoError, match=r"film\.mp4 is truncated") as caught:
        probe(path, SourceSettings())
    assert "again" in caught.value.next_step


def test_a_video_that_cannot_be_decoded_is_an_error(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.avi", pan(frames=3).frames, codec="mpeg4")
    data = bytearray(path.read_bytes())
    begin = data.index(b"movi") + 4
    end = data.index(b"idx1")
    for at in range(begin, end - 8):
        if data[at : at + 4] == b"00dc":
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            data[at + 8 : at + 8 + size] = bytes([0x55]) * size
    path.write_bytes(data)
    with pytest.raises(VideoError, match="no frame that can be decoded"):
        probe(path, SourceSettings())


def test_cover_art_is_not_the_video(tmp_path: Path) -> None:
    cover = Attachment("cover.png", "image/png", png(flat((200, 0, 0), 1, 400, 400)[0]))
    scene = pan(frames=3)
    path = write_film(tmp_path / "film.mkv", scene.frames, extras=Extras(attachments=[cover]))
    film, frames = read_video(path)
    assert film.frames == 3
    assert (film.width, film.height) == (96, 64)
    assert mean_difference(frames[0].image, scene.frames[0]) < 4
    assert [stream.kind for stream in film.streams] == ["video", "attachment"]


def test_damage_in_the_middle_loses_only_the_frames_around_it(tmp_path: Path) -> None:
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


def test_a_truncated_mkv_gives_its_remaining_frames(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", pan(frames=100).frames)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film, frames = read_video(path)
    assert 30 <= len(frames) <= 70
    assert abs(film.frames - len(frames)) <= 2


def test_a_truncated_faststart_mp4_gives_its_remaining_frames(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", pan(frames=100).frames, container_options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film, frames = read_video(path)
    assert 30 <= len(frames) <= 70
    assert abs(film.frames - len(frames)) <= 4


def test_zeros_in_a_broadcast_are_skipped(tmp_path: Path) -> None:
    recording = write_film(tmp_path / "film.ts", pan(frames=50, width=64, height=48).frames).read_bytes()
    padded = tmp_path / "padded.ts"
    padded.write_bytes(recording + bytes(8 << 20))
    assert len(read_video(padded)[1]) == 50


def test_damage_at_the_end_loses_only_the_damaged_frame(tmp_path: Path) -> None:
    """Several threads hold the last frames then."""
    path = write_film(tmp_path / "film.mp4", pan(frames=30, width=160, height=96).frames, options={"bf": "0"})
    with av.open(str(path)) as container:
        damaged = [packet for packet in container.demux(video=0) if packet.size][-2]
    data = bytearray(path.read_bytes())
    data[damaged.pos + 4 : damaged.pos + damaged.size] = bytes(damaged.size - 4)
    path.write_bytes(data)
    assert len(read_video(path)[1]) == 29


class OutOfMemoryAfter:
    """A container whose demuxer fails after some packets, as with AVI whose index states impossible sizes."""

    def __init__(self, container: av.container.InputContainer, packets: int) -> None:
        self._packets = islice(container.demux(video=0), packets)
        self.size, self.name = container.size, container.name

    def demux(self, *_: object) -> Iterator[av.Packet]:
        yield from self._packets
        raise av.MemoryError(12, "Cannot allocate memory")


def test_frames_before_a_packet_that_cannot_be_read_are_all_decoded(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", pan(frames=20, width=64, height=48).frames)
    with open_video(path) as container:
        stream = find_video_stream(container, path)
        frames = list(decode_frames(OutOfMemoryAfter(container, packets=13), stream))
    assert len(frames) == 13


@settings(max_examples=25, deadline=None)
@given(
    ending=st.sampled_from(["mp4", "mkv", "ts", "avi"]),
    damages=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=60)), min_size=1, max_size=4),
)
def test_any_damage_gives_frames_in_order_or_a_film_error(
    sound_films: dict[str, Path], ending: str, damages: list[tuple[float, bytes]]
) -> None:
    data = bytearray(sound_films[ending].read_bytes())
    for place, damage in damages:
        at = int(place * (len(data) - len(damage)))
        data[at : at + len(damage)] = damage
    path = sound_films[ending].with_name(f"damaged.{ending}")
    path.write_bytes(data)
    try:
        _, frames = read_video(path)
    except VideoError:
        return
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))


@pytest.fixture(scope="module")
def sound_films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sound")
    frames = moving_square(frames=12, width=64, height=48, side=16).frames
    codecs = {"mp4": "libx264", "mkv": "libx264", "ts": "libx264", "avi": "mpeg4"}
    return {ending: write_film(folder / f"film.{ending}", frames, codec=codec) for ending, codec in codecs.items()}
