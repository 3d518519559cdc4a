"""What an earlier run has encoded follows itself without a seam."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from streamstyle.errors import OutputError
from streamstyle.frame import Place
from streamstyle.media.onward.checkpoint import Standing
from streamstyle.media.onward.earlier import Earlier, decoding_times
from streamstyle.media.onward.nal import decisive, has_lengths, with_start_codes
from tests.films import pan, write_film


def of(frames: int, pts: int) -> Standing:
    return Standing(frames, (Place(frames - 1, pts, 0, plain=True),), ())


def test_decoding_times_that_a_file_tells_are_kept() -> None:
    assert decoding_times([(2, 0), (6, 1), (4, 2), (8, 3)]) == [0, 1, 2, 3]


@pytest.mark.parametrize("told", [None, 0])
def test_where_a_file_tells_none_packets_are_decoded_in_order_and_none_after_it_is_shown(told: int | None) -> None:
    shown = [0, 160, 80, 40, 120, 200, 210]
    times = decoding_times([(pts, told) for pts in shown])
    assert all(one <= other for one, other in pairwise(times))
    assert all(decoded <= pts for decoded, pts in zip(times, shown, strict=True))


def test_a_new_packet_is_decoded_after_all_earlier_ones_and_never_after_it_is_shown(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, options={"bf": "0"})
    earlier = Earlier(film, of(6, 5))
    ticks = [packet.dts * packet.time_base for packet in earlier.packets(Fraction(5, 25))]
    assert ticks == [Fraction(n, 25) for n in range(6)]
    assert earlier.taken
    new = []
    for pts, dts in ((600, 400), (1000, 500), (800, 600), (1200, 1000)):  # hundredths of a frame; two frames' delay
        packet = av.Packet(b"x")
        packet.pts, packet.dts, packet.time_base = pts, dts, Fraction(1, 2500)
        earlier.follow(packet)
        new.append((packet.pts, packet.dts))
    assert new == [(600, 501), (1000, 502), (800, 600), (1200, 1000)]


def test_times_that_are_all_late_by_the_same_are_set_right(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", pan(10, 64, 48).frames, pts=range(7, 17))
    found = [packet.pts * packet.time_base for packet in Earlier(film, of(10, 9)).packets(Fraction(9, 25))]
    assert sorted(found) == [Fraction(n, 25) for n in range(10)]


def test_a_file_with_fewer_frames_than_were_painted_is_refused(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", pan(10, 64, 48).frames)
    with pytest.raises(OutputError, match="less than was painted"):
        Earlier(film, of(11, 10))
    film.write_bytes(b"no film at all")
    with pytest.raises(OutputError, match="less than was painted"):
        Earlier(film, of(1, 0))


def test_packets_out_of_a_file_are_as_they_came_out_of_the_encoder(tmp_path: Path) -> None:
    """With start codes, not lengths: else the muxer, which makes lengths of start codes, would find nothing."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base, encoder.options = Fraction(1, 25), {"tune": "zerolatency"}
    frames = [av.VideoFrame.from_ndarray(picture, "rgb24") for picture in pan(3, 64, 48).frames]
    for number, frame in enumerate(frames):
        frame.pts = number
    packets = [bytes(packet) for frame in frames for packet in encoder.encode(frame)]
    for packet in packets:
        units = [unit for unit in packet.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
        lengths = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
        assert with_start_codes(lengths) == b"".join(b"\0\0\0\1" + unit for unit in units)


def test_with_how_many_threads_a_film_was_encoded_does_not_matter() -> None:
    header = b"\0\0\0\1\x67sps\0\0\0\1\x68pps"
    assert decisive("h264", header + b"\0\0\1\x06threads=3") == decisive("h264", header + b"\0\0\1\x06threads=16")
    assert decisive("h264", header) != decisive("h264", header.replace(b"sps", b"spx"))
    assert decisive("av1", b"anything") == b"anything"
    assert has_lengths("h264", b"\x01more")
    assert not has_lengths("h264", header)
    assert not has_lengths("av1", b"\x01")
