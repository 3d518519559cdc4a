"""Outputs that are written to nowhere, to learn what a container takes before the real one depends on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

_MUX_ERRORS = (av.FFmpegError, ValueError, NotImplementedError)


class _NullFile:
    """A file that takes everything and keeps nothing, not even its own beginning."""

    def __init__(self) -> None:
        self._at = self._end = 0

    def write(self, data: bytes) -> int:
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._end)[whence]
        return self._at

    def tell(self) -> int:
        return self._at


def can_hold(container: str, add: Callable[..., object], *stream: object) -> bool:
    """Whether a header can be written with the stream alone that `add(output, *stream)` adds."""
    try:
        with av.open(_NullFile(), "w", format=container) as trial:
            add(trial, *stream)
            trial.start_encoding()
    except _MUX_ERRORS:
        return False
    return True


class MuxerProbe:
    """One stream in a container of its own, which every packet has to pass.

    A muxer queues packets of all streams, so a damaged one fails a later call, for another stream, and may take the
    end of the file with it. Here it fails alone.
    """

    def __init__(self, container: str, add: Callable[[OutputContainer], Any]) -> None:
        """`add` adds the stream to an output and returns it."""
        self._container, self._add = container, add
        self._open()

    def _open(self) -> None:
        self._output = av.open(_NullFile(), "w", format=self._container)
        self._stream = self._add(self._output)

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the container takes this packet after those it has taken; changes the packet's stream."""
        packet.stream = self._stream
        try:
            self._output.mux(packet)
        except _MUX_ERRORS:
            self._open()  # what has failed once may fail for ever
            return False
        return True
