"""The partial output of an earlier run: its packets are read back as they left the encoder, to be copied."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext

from streamstyle.errors import OutputError, VideoError
from streamstyle.media.decode_times import complete_dts
from streamstyle.media.output_file import output_errors, partial_path, set_aside_path
from streamstyle.media.reader import demux, find_video_stream, open_video
from streamstyle.resume.checkpoint import RESTART_HINT, Checkpoint, ResumePoint, checkpoint_path, write_checkpoint

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_SEI = {"h264": "6", "hevc": "39-40"}
"""NAL unit types of supplemental information, such as the number of threads of the encoder."""

_UNUSED = {"h264": "31", "hevc": "63"}
"""NAL unit types that no encoder writes."""


@contextmanager
def set_aside(output: Path, checkpoint: Checkpoint) -> Iterator[PartialVideo]:
    """Rename the earlier partial output and yield it; on leaving it is renamed back unless it was copied.

    A kill at any moment leaves a checkpoint whose frames can be found. Raises OutputError if they cannot be read.
    """
    partial_video = PartialVideo(output.with_name(checkpoint.file), checkpoint.resume_point)
    aside = set_aside_path(output)
    try:
        with output_errors(aside):
            partial_video.path = partial_video.path.replace(aside)
            write_checkpoint(checkpoint_path(output), replace(checkpoint, file=aside.name))
        yield partial_video
    finally:
        if not partial_video.copied and aside.is_file():
            aside.replace(partial_path(output))


class PartialVideo:
    """The first video packets of an unfinished output."""

    def __init__(self, path: Path, resumed: ResumePoint) -> None:
        """Read the times of the packets; OutputError if there are fewer than `resumed.frames`."""
        self.path = path
        self.frames = frames = resumed.frames
        self.last_pts = resumed.positions[-1].pts
        """Display time of the last frame, in ticks of the source."""
        self.last_duration = resumed.positions[-1].duration
        """Ticks of the source for which it is shown; 0 if unknown."""
        try:
            with open_video(path) as container:
                times = [(packet.pts or 0, packet.dts) for packet in _video_packets(container, path, frames)]
        except VideoError as error:
            raise _damaged(path) from error
        if len(times) < frames:
            raise _damaged(path)
        self._dts = complete_dts(times)
        self._last_tick = max(pts for pts, _ in times)
        self.copied = False
        """Whether `packets` has yielded all of them."""

    def packets(
        self,
        last: Fraction,  # display time of the last frame, seconds
        last_duration: Fraction = Fraction(0),  # how long the last frame is shown, seconds; 0 if unknown
    ) -> Generator[Packet[Any]]:
        """Yield the packets in decode order, as they left the encoder.

        In an MP4 that was not closed all times are late by the same amount, which `last` corrects.
        """
        with open_video(self.path) as container:
            stream = find_video_stream(container, self.path)
            delay = self._last_tick - round(last / Fraction(stream.time_base or 1))
            delay = delay if abs(delay) > 1 else 0  # one tick is rounding
            start_codes = _StartCodes(stream)
            for stored, dts in zip(_video_packets(container, self.path, self.frames), self._dts, strict=True):
                packet = start_codes.restore(stored)
                if packet.pts == self._last_tick and last_duration:
                    packet.duration = round(last_duration / Fraction(stream.time_base or 1))
                packet.pts, packet.dts = (packet.pts or 0) - delay, dts - delay
                yield packet
        self.copied = True


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


def _video_packets(container: InputContainer, path: Path, count: int) -> Iterator[Packet[Any]]:
    stream = find_video_stream(container, path)
    return islice((packet for packet in demux(container, stream) if packet.size), count)


def _damaged(path: Path) -> OutputError:
    return OutputError(
        f"{path.name} is damaged: it holds fewer frames than its checkpoint counts",
        f"It plays as far as it goes. {RESTART_HINT}",
    )
