"""The frames that an earlier run has encoded, read back from its partial output as they went in."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext

from streamstyle.errors import FilmError, OutputError
from streamstyle.media.decode_times import dts_from_pts
from streamstyle.media.output_file import output_errors, partial_path, set_aside_path
from streamstyle.media.reader import demux, find_video_stream, open_video
from streamstyle.resume.checkpoint import Checkpoint, ResumePoint, checkpoint_path, write_checkpoint

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_SEI = {"h264": "6", "hevc": "39-40"}
"""NAL unit types of remarks, such as with how many threads a video was encoded."""

_UNUSED = {"h264": "31", "hevc": "63"}
"""NAL unit types that no encoder writes."""


class PartialVideo:
    """The first video packets of an output that was not finished."""

    def __init__(self, path: Path, resumed: ResumePoint) -> None:
        """Look through the file; OutputError where it does not hold so many frames."""
        self.path = path
        self.frames = frames = resumed.frames
        self.last_pts = resumed.positions[-1].pts
        """Display time of the last of them, in ticks of the source."""
        try:
            with open_video(path) as container:
                times = [(packet.pts or 0, packet.dts) for packet in _video_packets(container, path, frames)]
        except FilmError as error:
            raise _damaged(path) from error
        if len(times) < frames:
            raise _damaged(path)
        self._dts = stored_or_made_dts(times)
        self._last_tick = max(pts for pts, _ in times)
        self.copied = False
        """Whether all packets have been read."""

    def packets(
        self,
        last: Fraction,  # seconds at which the last frame is shown
    ) -> Generator[Packet[Any]]:
        """Yield the packets in their order, as an encoder gives them out.

        In an MP4 that was not closed all times are too late by the same; `last` tells by how much.
        """
        with open_video(self.path) as container:
            stream = find_video_stream(container, self.path)
            delay = self._last_tick - round(last / Fraction(stream.time_base or 1))
            delay = delay if abs(delay) > 1 else 0  # one is how it was rounded
            from_encoder = _StartCodes(stream)
            for stored, dts in zip(_video_packets(container, self.path, self.frames), self._dts, strict=True):
                packet = from_encoder.restore(stored)
                packet.pts, packet.dts = (packet.pts or 0) - delay, dts - delay
                yield packet
        self.copied = True


class _StartCodes:
    """Turns H.264 and H.265 packets of MP4 and Matroska, with a length before each NAL unit, into an encoder's.

    FFmpeg's `filter_units` writes start codes whatever it reads, and takes nothing out that is not there. Its
    `mp4toannexb` filters would repeat the header before every keyframe.
    """

    def __init__(self, stream: VideoStream) -> None:
        codec = stream.codec_context.codec.canonical_name
        self._filter: BitStreamFilterContext | None = None
        if codec in _UNUSED:
            self._filter = BitStreamFilterContext(f"filter_units=remove_types={_UNUSED[codec]}", stream)

    def restore(self, packet: Packet[Any]) -> Packet[Any]:
        """Return the packet as its encoder gave it out."""
        if self._filter is None:
            return packet
        (restored,) = self._filter.filter(packet)
        return restored


def decoder_parameters(codec: str, extradata: bytes | None) -> bytes:
    """Return what of an encoder's header decides how its packets are decoded."""
    if codec not in _SEI or not extradata:
        return extradata or b""
    remove_sei = BitStreamFilterContext(f"filter_units=remove_types={_SEI[codec]}", codec)
    return b"".join(bytes(packet) for packet in remove_sei.filter(av.Packet(extradata)))


def stored_or_made_dts(
    times: Sequence[tuple[int, int | None]],  # display time and decode time in ticks; Matroska has the first only
) -> list[int]:
    """Return the decode times of a file's packets: as they are stored, where they are all there and rise."""
    stored = [dts for _, dts in times if dts is not None]
    if len(stored) == len(times) and all(one < other for one, other in pairwise(stored)):
        return stored
    return dts_from_pts([pts for pts, _ in times])


@contextmanager
def set_aside(output: Path, checkpoint: Checkpoint) -> Iterator[PartialVideo]:
    """Make room for a new partial output and yield the earlier one, which is put back unless it was copied.

    At every moment the checkpoint finds its frames. OutputError where they cannot be read.
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


def _video_packets(container: InputContainer, path: Path, count: int) -> Iterator[Packet[Any]]:
    stream = find_video_stream(container, path)
    return islice((packet for packet in demux(container, stream) if packet.size), count)


def _damaged(path: Path) -> OutputError:
    return OutputError(
        f"{path.name} is damaged and holds less than was painted",
        "It plays as far as it goes; begin anew with --restart.",
    )
