"""Packets that are read back from a file have the digest of those that left the encoder, in every container."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from streamstyle.media.output_file import PartialFile, new_container
from streamstyle.resume.packet_digest import Digest, PacketDigest
from streamstyle.resume.partial_video import read_packets
from tests.films import pan

OPTIONS = {"libx265": {"x265-params": "log-level=error"}, "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"}}
PIX_FMTS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le", "gif": "rgb8"}
TICK = Fraction(1, 25000)


def muxed_and_stored(path: Path, codec: str, uneven: bool) -> tuple[Digest, Digest]:
    """Digests of the packets of twelve frames, as they were muxed and as they are read back."""
    file = PartialFile(path)
    with new_container(path, file, TICK) as container:
        stream = container.add_stream(codec, rate=25, time_base=TICK)
        stream.width, stream.height, stream.pix_fmt = 64, 48, PIX_FMTS.get(codec, "yuv420p")
        stream.options = OPTIONS.get(codec, {})
        container.start_encoding()
        digest = PacketDigest(stream.codec_context.codec.canonical_name, Fraction(stream.time_base))
        for number, picture in enumerate([*pan(12, 64, 48).frames, None]):
            frame = None if picture is None else av.VideoFrame.from_ndarray(picture, "rgb24")
            if frame is not None:
                frame = frame.reformat(format=stream.pix_fmt)
                frame.pts, frame.time_base = 500 + number * 1000 + uneven * (number % 3) * 317, TICK
            for packet in stream.encode(frame):
                packet.dts = packet.pts if packet.dts is None else packet.dts
                digest.add(packet)
                container.mux(packet)
    file.close()
    *_, (_, stored) = read_packets(path, 12)
    return digest.digest(), stored.digest()


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        *(("mkv", codec) for codec in ("libx264", "libx265", "libvpx-vp9", "mpeg4", "mjpeg", "ffv1", "prores_ks")),
        *(("mp4", codec) for codec in ("libx264", "libx265", "mpeg4", "ffv1")),
        *(("mov", codec) for codec in ("libx264", "prores_ks")),
        *(("ts", codec) for codec in ("libx264", "libx265", "mpeg4")),
        *(("nut", codec) for codec in ("libx264", "ffv1")),
        ("flv", "libx264"),
        ("webm", "libvpx-vp9"),
    ],
)
@pytest.mark.parametrize("uneven", [False, True])
def test_containers_that_keep_times_store_packets_with_the_same_digest(
    tmp_path: Path, suffix: str, codec: str, uneven: bool
) -> None:
    muxed, stored = muxed_and_stored(tmp_path / f"film.{suffix}", codec, uneven)
    assert stored == muxed
    assert stored.times


@pytest.mark.parametrize(("suffix", "codec"), [("avi", "libx264"), ("avi", "mpeg4"), ("wmv", "mpeg4")])
def test_other_containers_store_the_same_content(tmp_path: Path, suffix: str, codec: str) -> None:
    muxed, stored = muxed_and_stored(tmp_path / f"film.{suffix}", codec, uneven=False)
    assert stored.content == muxed.content


def test_digests_match_where_both_know_the_times() -> None:
    assert Digest("a", "").matches(Digest("a", "b"))
    assert not Digest("a", "c").matches(Digest("a", "b"))
    assert not Digest("a", "").matches(Digest("b", ""))
