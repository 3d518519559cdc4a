"""The partial output of an earlier run: its packets are read back as they left the encoder, to be copied."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext

from streamstyle.errors import VideoError
from streamstyle.media.decode_times import complete_dts
from streamstyle.media.reader import demux, find_video_stream, open_video
from streamstyle.resume.checkpoint import RESTART_HINT, Checkpoint, DamagedError
from streamstyle.resume.packet_digest import PacketDigest

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

_SEI = {"h264": "6", "hevc": "39-40"}
"""NAL unit types of supplemental information, such as the number of threads of the encoder."""

_UNUSED = {"h264": "31", "hevc": "63"}
"""NAL unit types that no encoder writes."""


class PartialVideo:
    """The first video packets of an unfinished output, which are those that were written to it."""

    def __init__(self, path: Path, checkpoint: Checkpoint) -> None:
        """Read and verify the packets; DamagedError if they are not those that the checkpoint counts."""
        self.path, self.checkpoint = path, checkpoint
        self.frames = checkpoint.resume_point.frames
        self.last_pts = checkpoint.resume_point.positions[-1].pts
        """Display time of the last frame, in ticks of the source."""
        self.last_duration = checkpoint.resume_point.positions[-1].duration
        """Ticks of the source for which it is shown; 0 if unknown."""
        self.copied = False
        """Whether `packets` has yielded all of them."""
        times = [(packet.pts or 0, packet.dts) for packet in self._verified_packets()]
        self._dts = complete_dts(times)
        self._last_tick = max(pts for pts, _ in times)

    def packets(
        self,
        last: Fraction,  # display time of the last frame, seconds
        last_duration: Fraction = Fraction(0),  # how long the last frame is shown, seconds; 0 if unknown
    ) -> Generator[Packet[Any]]:
        """Yield the packets in decode order, as they left the encoder. DamagedError if the file has changed meanwhile.

        In an MP4 that was not closed all times are late by the same amount, which `last` corrects.
        """
        delay: int | None = None
        for packet, dts in zip(self._verified_packets(), self._dts, strict=True):
            if delay is None:
                delay = self._last_tick - round(last / packet.time_base)
                delay = delay if abs(delay) > 1 else 0  # one tick is rounding
            if packet.pts == self._last_tick and last_duration:
                packet.duration = round(last_duration / packet.time_base)
            packet.pts, packet.dts = (packet.pts or 0) - delay, dts - delay
            yield packet
        self.copied = True

    def _verified_packets(self) -> Generator[Packet[Any]]:
        """Yield the packets as they left the encoder; DamagedError at the latest after the last one."""
        digest: PacketDigest | None = None
        count = 0
        for packet, digest in read_packets(self.path, self.frames):  # noqa: B007
            count += 1
            yield packet
        if digest is None or count < self.frames or not digest.digest().matches(self.checkpoint.digest):
            raise damaged(self.path, self.frames)


def read_packets(path: Path, count: int) -> Generator[tuple[Packet[Any], PacketDigest]]:
    """Yield the first packets of a file's video as they left the encoder, each with the digest up to it.

    Raises DamagedError for a file that cannot be read; one that ends early yields fewer packets.
    """
    try:
        with open_video(path) as container:
            stream = find_video_stream(container, path)
            start_codes, codec = _StartCodes(stream), stream.codec_context.codec.canonical_name
            digest = PacketDigest(codec, Fraction(stream.time_base or 1))
            packets = (packet for packet in demux(container, stream) if packet.size)
            for stored in islice(packets, count):
                packet = start_codes.restore(stored)
                digest.add(packet)
                yield packet, digest
    except (VideoError, av.FFmpegError, AttributeError, ValueError) as error:  # no codec; a packet that is none
        raise damaged(path, count) from error


def damaged(path: Path, frames: int) -> DamagedError:
    """Return the error for a file that does not hold the frames that were written to it."""
    return DamagedError(
        f"{path.name} is damaged or another file: it does not hold the {frames} frames that were written to it",
        RESTART_HINT,
    )


def decoder_parameters(codec: str, extradata: bytes | None) -> bytes:
    """Return the part of an encoder's header (its extradata) that determines how its packets are decoded."""
    if codec not in _SEI or not extradata:
        return extradata or b""
    remove_sei = BitStreamFilterContext(f"filter_units=remove_types={_SEI[codec]}", codec)
    return b"".join(bytes(packet) for packet in remove_sei.filter(av.Packet(extradata)))


class _StartCodes:
    """Turns H.264 and H.265 packets of MP4 and Matroska, with a length before each NAL unit, into Annex B packets.

    FFmpeg's `filter_units`, which always writes start codes, is told to remove a type of unit that never occurs. Its
    `mp4toannexb` filters would repeat the header before every keyframe.
    """

    def __init__(self, stream: VideoStream) -> None:
        codec = stream.codec_context.codec.canonical_name
        self._filter: BitStreamFilterContext | None = None
        if codec in _UNUSED:
            self._filter = BitStreamFilterContext(f"filter_units=remove_types={_UNUSED[codec]}", stream)

    def restore(self, packet: Packet[Any]) -> Packet[Any]:
        """Return the packet as it left the encoder."""
        if self._filter is None:
            return packet
        (restored,) = self._filter.filter(packet)
        return restored
