"""Ask a muxer what it takes, by writing to it and discarding what it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media.matroska_tee import open_muxer

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

MUX_ERRORS = (av.FFmpegError, ValueError, NotImplementedError)
"""What PyAV raises where a muxer refuses a stream or a packet."""

_TRIAL_VIDEO = ("mpeg4", "libvpx", "flv", "mpeg2video")
"""Encoders of which every container that holds video holds one."""


def can_hold(container: str, add: Callable[..., object], *stream: object) -> bool:
    """Whether a container can be written that has only the stream which `add(container, *stream)` adds."""
    try:
        with open_muxer(container, NullFile()) as trial:
            add(trial, *stream)
            trial.start_encoding()
    except MUX_ERRORS:
        return False
    return True


def keeps_packets(
    container: str,
    add: Callable[..., Any],
    template: Any,
    packets: Iterable[Packet[Any]],  # of the template, some of the first
) -> bool:
    """Whether packets of a stream, written into a container, are read back as what they are.

    Some muxers write what no player recognises: MPEG-TS has a type of stream for private data. `add(container,
    template)` adds the stream.
    """
    file, kind = BytesIO(), template.type
    try:
        probe = MuxerProbe(container, lambda target: add(target, template))
        accepted = [packet for packet in packets if probe.accepts(packet)]  # without damaged ones
        if not accepted:
            return False
        with open_muxer(container, file) as trial:
            stream = add(trial, template)
            for packet in accepted:
                packet.stream = stream
                trial.mux(packet)
        with av.open(BytesIO(file.getvalue())) as written:
            return any(each.type == kind and each.codec_context is not None for each in written.streams)
    except MUX_ERRORS:
        return False


def written_tags(container: str, tags: dict[str, str]) -> dict[str, str]:
    """Return the tags that a file of this format is read back with after it was written with `tags`."""
    for codec in _TRIAL_VIDEO:
        file = BytesIO()
        try:
            with av.open(file, "w", format=container) as trial:
                stream: Any = trial.add_stream(codec, rate=25, width=64, height=64, pix_fmt="yuv420p")
                trial.metadata.update(tags)
                frame = av.VideoFrame(64, 64, "yuv420p")
                frame.pts = 0
                trial.mux([*stream.encode(frame), *stream.encode(None)])
            with av.open(BytesIO(file.getvalue())) as written:
                return dict(written.metadata)
        except MUX_ERRORS:
            continue
    return tags


class MuxerProbe:
    """A muxer for one stream, which discards its output and tells which packets are accepted.

    The muxer of the output queues packets of all streams, so a damaged packet fails in a later call, for another
    stream, and the end of the file may be lost. Here it fails alone.
    """

    def __init__(self, container: str, add: Callable[[OutputContainer], Any]) -> None:
        """`add` adds the stream to a container and returns it."""
        self._container, self._add = container, add
        self._open()

    def _open(self) -> None:
        self._output = open_muxer(self._container, NullFile())
        self._stream = self._add(self._output)

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the muxer accepts this packet after those before it; changes the packet's stream."""
        packet.stream = self._stream
        try:
            self._output.mux(packet)
        except MUX_ERRORS:
            self._open()  # after a failure a muxer may fail for every packet
            return False
        return True


class NullFile:
    """A file that discards what is written to it."""

    def __init__(self) -> None:
        self._position = self._end = 0

    def write(self, data: bytes) -> int:
        """Discard the data."""
        self._position += len(data)
        self._end = max(self._end, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position."""
        self._position = offset + (0, self._position, self._end)[whence]
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position
