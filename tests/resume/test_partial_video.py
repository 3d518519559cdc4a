"""What an earlier run has encoded follows itself without a seam."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from streamstyle.errors import OutputError
from streamstyle.frames import FramePosition
from streamstyle.media.decode_times import DtsContinuation
from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.resume.partial_video import PartialVideo, decoder_parameters, stored_or_made_dts
from tests.films import pan, write_film


def of(frames: int, pts: int) -> ResumePoint:
    return ResumePoint(frames, (FramePosition(frames - 1, pts, 0, seekable=True),), ())


def test_decoding_times_that_a_file_tells_are_kept() -> None:
    assert stored_or_made_dts([(2, 0), (6, 1), (4, 2), (8, 3)]) == [0, 1, 2, 3]


@pytest.mark.parametrize("told", [None, 0])
def test_where_a_file_tells_none_packets_are_decoded_in_order_and_none_after_it_is_shown(told: int | None) -> None:
    shown = [0, 160, 80, 40, 120, 200, 210]
    times = stored_or_made_dts([(pts, told) for pts in shown])
    assert all(one <= other for one, other in pairwise(times))
    assert all(decoded <= pts for decoded, pts in zip(times, shown, strict=True))


def test_a_new_packet_is_decoded_after_all_earlier_ones_and_never_after_it_is_shown(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, options={"bf": "0"})
    earlier = PartialVideo(film, of(6, 5))
    ticks = [packet.dts * packet.time_base for packet in earlier.packets(Fraction(5, 25))]
    assert ticks == [Fraction(n, 25) for n in range(6)]
    assert earlier.copied
    times, new = DtsContinuation(), []
    for packet in PartialVideo(film, of(6, 5)).packets(Fraction(5, 25)):
        times.keep(packet)
    for pts, dts in ((600, 400), (1000, 500), (800, 600), (1200, 1000)):  # hundredths of a frame; two frames' delay
        packet = av.Packet(b"x")
        packet.pts, packet.dts, packet.time_base = pts, dts, Fraction(1, 2500)
        times.repair(packet)
        new.append((packet.pts, packet.dts))
    assert new == [(600, 501), (1000, 502), (800, 600), (1200, 1000)]


def test_times_that_are_all_late_by_the_same_are_set_right(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, pts=range(7, 17))
    found = [packet.pts * packet.time_base for packet in PartialVideo(film, of(10, 9)).packets(Fraction(9, 25))]
    assert sorted(found) == [Fraction(n, 25) for n in range(10)]


def test_a_file_with_fewer_frames_than_were_painted_is_refused(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(10, 64, 48).frames)
    with pytest.raises(OutputError, match="less than was painted"):
        PartialVideo(film, of(11, 10))
    film.write_bytes(b"no film at all")
    with pytest.raises(OutputError, match="less than was painted"):
        PartialVideo(film, of(1, 0))


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_packets_out_of_a_file_are_as_they_came_out_of_the_encoder(tmp_path: Path, codec: str, ending: str) -> None:
    """With start codes, not lengths: else the muxer, which makes lengths of start codes, would find nothing."""
    encoded: list[bytes] = []
    with av.open(tmp_path / f"film.{ending}", "w") as container:
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
    stored = PartialVideo(tmp_path / f"film.{ending}", of(12, 11)).packets(Fraction(11, 25))
    assert [nal_units(bytes(packet)) for packet in stored] == [nal_units(packet) for packet in encoded]


def nal_units(packet: bytes) -> list[bytes]:
    """The units between start codes; a start code may have a zero more before it."""
    return [unit.rstrip(b"\0") for unit in packet.split(b"\0\0\1") if unit.rstrip(b"\0")]


def test_with_how_many_threads_a_film_was_encoded_does_not_matter() -> None:
    header = b"\0\0\0\1\x67sps\0\0\0\1\x68pps"
    three, sixteen = (decoder_parameters("h264", header + b"\0\0\1\x06threads=" + n) for n in (b"3", b"16"))
    assert three == sixteen
    assert decoder_parameters("h264", header) != decoder_parameters("h264", header.replace(b"sps", b"spx"))
    assert decoder_parameters("av1", b"anything") == b"anything"
