"""Ask a muxer what it takes, by writing to it and discarding what it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

MUX_ERRORS = (av.FFmpegError, ValueError, NotImplementedError)
"""What PyAV raises where a muxer refuses a stream or a packet."""


def can_hold(container: str, add: Callable[..., object], *stream: object) -> bool:
    """Whether a container can be written that has only the stream which `add(container, *stream)` adds."""
    try:
        with av.open(NullFile(), "w", format=container) as trial:
            add(trial, *stream)
            trial.start_encoding()
    except MUX_ERRORS:
        return False
    return True


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
        self._output = av.open(NullFile(), "w", format=self._container)
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
