"""The packets of a partial output are read back as they left the encoder."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from streamstyle.errors import OutputError
from streamstyle.frames import FramePosition
from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.resume.partial_video import PartialVideo, decoder_parameters
from tests.films import pan, write_film


def resume_point(frames: int) -> ResumePoint:
    return ResumePoint(frames, (FramePosition(frames - 1, frames - 1, 0, seekable=True),))


def test_packets_have_the_times_of_the_file(tmp_path: Path) -> None:
    video = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, options={"bf": "0"})
    partial_video = PartialVideo(video, resume_point(6))
    assert not partial_video.copied
    times = [packet.dts * packet.time_base for packet in partial_video.packets(Fraction(5, 25))]
    assert times == [Fraction(n, 25) for n in range(6)]
    assert partial_video.copied


def test_times_that_are_all_late_by_the_same_amount_are_corrected(tmp_path: Path) -> None:
    video = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, pts=range(7, 17))
    packets = PartialVideo(video, resume_point(10)).packets(Fraction(9, 25))
    assert sorted(packet.pts * packet.time_base for packet in packets) == [Fraction(n, 25) for n in range(10)]


def test_a_file_with_too_few_frames_is_refused(tmp_path: Path) -> None:
    video = write_film(tmp_path / "film.mkv", pan(10, 64, 48).frames)
    with pytest.raises(OutputError, match="holds fewer frames"):
        PartialVideo(video, resume_point(11))
    video.write_bytes(b"no video at all")
    with pytest.raises(OutputError, match="holds fewer frames"):
        PartialVideo(video, resume_point(1))


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
    stored = PartialVideo(tmp_path / f"film.{suffix}", resume_point(12)).packets(Fraction(11, 25))
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
