"""Decode the video stream of a file: every frame that can be decoded, from its beginning or from a time."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import chain, dropwhile
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.codec.context import ThreadType

from streamstyle.media.file_clock import ClockRepair
from streamstyle.media.frame_times import StorageOrder
from streamstyle.media.image_frames import read_frames
from streamstyle.media.image_sequence import is_sequence
from streamstyle.media.reader import MAX_INTERLEAVE, demux, open_pipe, open_video, seek
from streamstyle.media.standard_streams import STANDARD_INPUT, STDIN, PacketSpool
from streamstyle.media.time_range import decode_time

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from streamstyle.video_info import ClockJoin, VideoInfo

_MAX_WAITING_BYTES = 64 << 20
"""Of pictures after the part, while sound of the part is looked for in a pipe."""

_SEEK_BACK_SECONDS = (0, 5, 60)
"""How much earlier to seek in turn where a seek lands too late, as it may with the index of some containers."""


def decode_frames(
    container: InputContainer,
    stream: VideoStream,
    joins: Sequence[ClockJoin] = (),
    order: StorageOrder | None = None,
    packets: Iterable[Packet[Any]] | None = None,
) -> Iterator[VideoFrame]:
    """Yield the frames in display order; packets that cannot be decoded are skipped, as FFmpeg does.

    Their times are on one clock if the `joins` are given, and those of `order` where the file stores no other. The
    `packets` of the stream are demuxed here unless they are given.
    """
    if not stream.codec_context.is_open:  # it is open after an earlier seek
        stream.codec_context.thread_type = ThreadType.AUTO
    repair, tail = ClockRepair(joins), _Tail()
    for packet in demux(container, stream) if packets is None else packets:
        if packet.size:
            tail.add(packet)
            repair.apply(packet)
            if order is not None:
                order.add(packet)
            yield from tail.note(_decode(stream, packet, order))
    yield from tail.note(_decode(stream, None, order))  # what is left, also where reading was given up
    if order is None and not joins and container.size > 0:
        yield from tail.decode_missing(Path(container.name), stream.index)


class _Tail:
    """What comes from the last key frame on, which is decoded again, by one thread, where frames of it are missing.

    At the end of a file several threads hold frames; after an error in one of them PyAV returns no more.
    """

    def __init__(self) -> None:
        self._key: Packet[Any] | None = None
        self._packets = self._frames = 0
        self._last: int | None = None

    def add(self, packet: Packet[Any]) -> None:
        """Note a packet that is decoded next."""
        if packet.is_keyframe and packet.pts is not None:
            self._key, self._packets, self._frames = packet, 0, 0
        self._packets += 1

    def note(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """Yield these frames, and note them."""
        for frame in frames:
            if frame.pts is not None and self._key is not None:
                self._last = frame.pts if self._last is None else max(self._last, frame.pts)
                self._frames += frame.pts >= (self._key.pts or 0)
            yield frame

    def decode_missing(self, path: Path, index: int) -> Iterator[VideoFrame]:
        """Yield the frames after the last one, if there were fewer than packets."""
        key, last = self._key, self._last
        if key is None or last is None or self._frames >= self._packets:
            return
        with open_video(path) as container:
            stream = cast("VideoStream", container.streams[index])
            stream.codec_context.thread_count = 1
            if (key.pts or 0) > (stream.start_time or 0):
                _seek(container, key.pts or 0, stream)
            packets = dropwhile(lambda packet: (packet.pos, packet.pts) != (key.pos, key.pts), demux(container, stream))
            for packet in chain(packets, [None]):
                frames = _decode(stream, packet, None) if packet is None or packet.size else ()
                yield from (frame for frame in frames if frame.pts is not None and frame.pts > last)


def _seek(container: InputContainer, tick: int, stream: VideoStream) -> bool:
    """As `seek`, once the first picture has been decoded.

    An H.264 decoder learns from that one which version of x264 made the film, and makes up for what old ones did wrong:
    without it, 4:4:4 of x264 before build 151 becomes garbage.
    """
    next(decode_frames(container, stream), None)
    return seek(container, tick, stream)


def _decode(stream: VideoStream, packet: Packet[Any] | None, order: StorageOrder | None) -> Iterator[VideoFrame]:
    try:
        frames = stream.codec_context.decode(packet)
    except av.FFmpegError:
        return
    for frame in frames:
        if order is not None:
            frame.pts = order.shown(frame)
        yield frame


def decode_frames_from(video: VideoInfo, start: int) -> Generator[VideoFrame]:
    """Yield the frames of a video from one shown at `start`, in ticks, or before."""
    if is_sequence(video.path):
        yield from read_frames(video, max(0, start))
        return
    if video.path == STDIN:
        yield from _decode_pipe(video)
        return
    for seconds in _SEEK_BACK_SECONDS if video.is_seekable else ():
        with open_video(video.path) as container:
            stream = _video_stream(container, video)
            tick = start - round(seconds / video.time_base)
            if tick <= (stream.start_time or 0) or not _seek(container, tick, stream):
                break
            frames = decode_frames(container, stream)
            first = next(frames, None)
            if first is not None and first.pts is not None and first.pts <= start:
                yield first
                yield from frames
                return
    with open_video(video.path) as container:
        order = None if video.stores_pts else StorageOrder()
        yield from decode_frames(container, _video_stream(container, video), video.joins, order)


def _decode_pipe(video: VideoInfo) -> Generator[VideoFrame]:
    """Yield the frames of what is piped in, and put aside the packets that others take."""
    spool = STANDARD_INPUT.spool
    try:
        with open_pipe(STANDARD_INPUT.open_whole()) as container:
            stream = _video_stream(container, video)
            yield from decode_frames(container, stream, packets=_pictures(container, stream, video, spool))
    finally:
        spool.end()


def _pictures(
    container: InputContainer, stream: VideoStream, video: VideoInfo, spool: PacketSpool
) -> Iterator[Packet[Any]]:
    """Yield the packets of the picture, and put those of other streams aside, but for sound before the part.

    The decoder reads no further than to the first frame after the part, and sound of the part may come later in the
    stream. Before that frame it is therefore read on until all sound is past the end, or cannot be expected any more.
    """
    begin = 0 if video.is_from_start else video.start_pts * video.time_base - MAX_INTERLEAVE
    end = inf if video.end_pts is None else video.end_pts * video.time_base
    late = {index for index in spool.kept if container.streams[index].type == "audio"}
    waiting: list[Packet[Any]] = []
    waiting_bytes = 0
    for packet in demux(container, stream, *(container.streams[index] for index in spool.kept)):
        time = decode_time(packet) or 0
        if packet.stream_index == stream.index:
            if not waiting and (time < end or not late):
                yield packet
                continue
            waiting.append(packet)
            waiting_bytes += packet.size
        else:
            if packet.size and (video.is_from_start or packet.stream.type != "audio" or time >= begin):
                spool.put(packet)
            if time >= end:
                late.discard(packet.stream_index)
        if waiting and (not late or time > end + MAX_INTERLEAVE or waiting_bytes > _MAX_WAITING_BYTES):
            yield from waiting
            waiting, late = [], set()
    yield from waiting


def _video_stream(container: InputContainer, video: VideoInfo) -> VideoStream:
    return cast("VideoStream", container.streams[video.video_stream])
