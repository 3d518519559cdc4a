"""Films that come from standard input, as `-`, or go to standard output, as `-` (y4m) or `nut:-`.

Standard input can be read only once. Its first bytes are kept, so that the header can be read as often as that of a
file; whoever decodes the film reads all of it, and puts aside what goes with the picture, for whoever copies that.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamstyle.errors import OutputError, VideoError

if TYPE_CHECKING:
    from av.packet import Packet

STDIN = Path("-")
STDOUT_FORMATS = {"-": "yuv4mpegpipe", "nut:-": "nut"}
"""FFmpeg's containers by the names that `-o` has for standard output."""

RAW_CODECS = {"yuv4mpegpipe": "wrapped_avframe", "nut": "rawvideo"}
"""The encoders of what is piped: the next program gets the frames as they are."""


def is_stdout(output: Path) -> bool:
    """Return whether an output is standard output."""
    return str(output) in STDOUT_FORMATS


class PacketSpool:
    """Packets of sound and subtitles that the decoder of a piped film has read, for another thread that copies them.

    There are as many as the decoder is ahead of what is written.
    """

    def __init__(self) -> None:
        self.kept = frozenset[int]()
        """Indices of the streams whose packets are put aside."""
        self._waiting = deque[Any]()
        self._is_whole = False

    def keep(self, streams: Iterable[int]) -> None:
        """Choose the streams, before the film is read."""
        self.kept = frozenset(streams)

    def put(self, packet: Packet[Any]) -> None:
        """Put a packet aside."""
        self._waiting.append(packet)

    def end(self) -> None:
        """Note that no more packets come."""
        self._is_whole = True

    def take(self) -> Iterator[Packet[Any] | None]:
        """Yield the packets in order; None where there is none yet."""
        while True:
            is_whole = self._is_whole  # before it is looked for packets: the last may come in between
            if self._waiting:
                yield self._waiting.popleft()
            elif is_whole:
                return
            else:
                yield None


class PipedInput:
    """The bytes of a pipe: its head for any number of readers, everything for one."""

    def __init__(self, descriptor: int = 0) -> None:
        self.spool = PacketSpool()
        self._descriptor = descriptor
        self._head = bytearray()
        self._is_taken = False
        self._read_lock = threading.Lock()  # what one reads into the head must not be missing for the other

    def open_head(self) -> PipeReader:
        """Return a reader of the head, which grows by what it reads until `open_whole` is called."""
        if os.isatty(self._descriptor):
            raise VideoError("standard input is a terminal", "Pipe a film into it, as in `ffmpeg ... -f nut - | ...`.")
        return PipeReader(self, whole=False)

    def open_whole(self) -> PipeReader:
        """Return the reader of everything. VideoError if there was one already."""
        if self._is_taken:
            raise VideoError("standard input can be read only once", "Save the film as a file first, and give that.")
        self._is_taken = True
        return PipeReader(self, whole=True)

    def read(self, position: int, size: int, *, whole: bool) -> bytes:
        """Return up to `size` bytes from `position` on; none at the end of what may be read. Any thread may read."""
        with self._read_lock:
            return self._read(position, size, whole=whole)

    def _read(self, position: int, size: int, *, whole: bool) -> bytes:
        if position < len(self._head):
            return bytes(self._head[position : position + size])
        if whole:
            return os.read(self._descriptor, size)
        if self._is_taken:
            return b""
        data = os.read(self._descriptor, size)
        self._head += data
        return data


class PipeReader:
    """What FFmpeg reads a pipe through: a file that cannot be sought in."""

    name = "standard input"

    def __init__(self, source: PipedInput, *, whole: bool) -> None:
        self._source, self._whole, self._position = source, whole, 0

    @property
    def has_read(self) -> bool:
        """Whether anything has come."""
        return self._position > 0

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        data = self._source.read(self._position, size, whole=self._whole)
        self._position += len(data)
        return data


STANDARD_INPUT = PipedInput()


class StandardOutput:
    """Standard output in place of a `PartialFile`: there is nothing to lock, to publish or to remove."""

    def __init__(self, output: Path) -> None:
        """OutputError if it is a terminal."""
        self.path = output
        if os.isatty(_stdout()):
            raise OutputError("standard output is a terminal", "Pipe it, or give a file with -o.")

    def write(self, data: bytes) -> int:
        """Write all of the data. OSError, also if the program that reads it has ended."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(_stdout(), rest) :]
        return len(data)

    def sync(self) -> None:
        """Do nothing: what is written is with the reader."""

    def require_in_place(self) -> None:
        """Do nothing: it has no name."""

    def publish(self, output: Path) -> None:
        """Do nothing: it has no name."""

    def discard(self) -> None:
        """Do nothing: what is written cannot be taken back."""

    def close(self) -> None:
        """Do nothing: the process closes it."""


def _stdout() -> int:
    return sys.__stdout__.fileno() if sys.__stdout__ is not None else 1
