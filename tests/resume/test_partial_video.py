"""The packets of a partial output are read back as they left the encoder."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from streamstyle.frames import FramePosition
from streamstyle.resume.checkpoint import Checkpoint, DamagedError, ResumePoint
from streamstyle.resume.partial_video import PartialVideo, decoder_parameters, read_packets
from tests.films import pan, write_film


def partial_video(path: Path, frames: int) -> PartialVideo:
    """The first frames of a file, with a checkpoint that was written when the file was as it is now."""
    return PartialVideo(path, checkpoint(path, frames))


def checkpoint(path: Path, frames: int) -> Checkpoint:
    digests = [digest.digest() for _, digest in read_packets(path, frames)]
    point = ResumePoint(frames, (FramePosition(frames - 1, frames - 1, 0, seekable=True),))
    return Checkpoint(point, path.name, {}, "", "cpu", digests[-1])


def test_packets_have_the_times_of_the_file(tmp_path: Path) -> None:
    video = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, options={"bf": "0"})
    partial = partial_video(video, 6)
    assert not partial.copied
    times = [packet.dts * packet.time_base for packet in partial.packets(Fraction(5, 25))]
    assert times == [Fraction(n, 25) for n in range(6)]
    assert partial.copied


def test_times_that_are_all_late_by_the_same_amount_are_corrected(tmp_path: Path) -> None:
    video = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, pts=range(7, 17))
    packets = partial_video(video, 10).packets(Fraction(9, 25))
    assert sorted(packet.pts * packet.time_base for packet in packets) == [Fraction(n, 25) for n in range(10)]


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
def test_a_file_that_was_damaged_cut_or_exchanged_is_refused(tmp_path: Path, suffix: str) -> None:
    """Every byte that is part of a video packet counts, and every time."""
    video = write_film(tmp_path / f"film.{suffix}", pan(10, 64, 48).frames)
    whole, written = video.read_bytes(), checkpoint(video, 10)
    with av.open(str(video)) as container:
        inside = next(p.pos + p.size // 2 for p in container.demux(video=0) if p.size and p.pts and p.pos)
    other = write_film(tmp_path / f"other.{suffix}", pan(10, 64, 48, seed=7).frames).read_bytes()
    slower = write_film(tmp_path / f"slower.{suffix}", pan(10, 64, 48).frames, rate=20).read_bytes()
    flipped = whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1 :]
    holes = whole[:inside] + bytes(512) + whole[inside + 512 :]
    for content in (flipped, holes, whole[: len(whole) // 2], b"no video at all", other, slower):
        video.write_bytes(content)
        with pytest.raises(DamagedError, match="does not hold the 10 frames"):
            PartialVideo(video, written)
    video.write_bytes(whole)
    PartialVideo(video, written)


def test_a_file_that_is_exchanged_while_it_is_copied_is_refused(tmp_path: Path) -> None:
    video = write_film(tmp_path / "film.mkv", pan(10, 64, 48).frames)
    other = write_film(tmp_path / "other.mkv", pan(10, 64, 48, seed=7).frames)
    partial = partial_video(video, 10)
    other.replace(video)
    with pytest.raises(DamagedError):
        list(partial.packets(Fraction(9, 25)))
    assert not partial.copied


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_stored_packets_have_the_nal_units_of_the_encoder(tmp_path: Path, codec: str, suffix: str) -> None:
    """They have start codes, not lengths, which the muxer would not recognise."""
    encoded: list[bytes] = []
    with av.open(tmp_path / f"film.{suffix}", "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "5", "keyint_min": "5"}
        for number, picture in enumerate([*pan(12, 64, 48).frames, None]):
            frame = None if picture is None else av.VideoFrame.from_ndarray(picture, "rgb24")
            if frame is not None:
                frame.pts = number
            for packet in stream.encode(frame):
                encoded.append(bytes(packet))
                container.mux(packet)
    stored = partial_video(tmp_path / f"film.{suffix}", 12).packets(Fraction(11, 25))
    assert [nal_units(bytes(packet)) for packet in stored] == [nal_units(packet) for packet in encoded]


def nal_units(packet: bytes) -> list[bytes]:
    """The units between start codes, which may be preceded by another zero byte."""
    return [unit.rstrip(b"\0") for unit in packet.split(b"\0\0\1") if unit.rstrip(b"\0")]


def test_the_number_of_encoder_threads_is_no_decoder_parameter() -> None:
    header = b"\0\0\0\1\x67sps\0\0\0\1\x68pps"
    three, sixteen = (decoder_parameters("h264", header + b"\0\0\1\x06threads=" + n) for n in (b"3", b"16"))
    assert three == sixteen
    assert decoder_parameters("h264", header) != decoder_parameters("h264", header.replace(b"sps", b"spx"))
    assert decoder_parameters("av1", b"anything") == b"anything"
