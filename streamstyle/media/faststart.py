"""MP4 and MOV with their index (`moov`) in front of the pictures (`mdat`), so that a browser plays what it has so far.

While it is written the index cannot be in front: how long it will be is known at the end, and a file without one is of
no use after a kill. So the finished file is copied once, with the index moved, and then takes the place of the first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from streamstyle.errors import OutputError
from streamstyle.media.output_file import PartialFile
from streamstyle.media.output_names import faststart_path

FASTSTART_SUFFIXES = (".mp4", ".m4v", ".mov")
"""Of containers that have such an index."""

_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
"""Boxes on the way to the offsets."""

_OFFSETS = {b"stco": "I", b"co64": "Q"}
"""Boxes of offsets from the start of the file, and their type."""

_LIMIT = 1 << 32
"""From which on an offset does not fit into `stco`."""

_CHUNK = 8 << 20


@dataclass(frozen=True, slots=True)
class _Box:
    """A box of a file."""

    kind: bytes
    start: int
    end: int


@contextmanager
def index_in_front(file: PartialFile, output: Path, warn: Callable[[str], None]) -> Iterator[PartialFile]:
    """Yield what is to be published in place of a finished film: a copy with its index in front.

    Once that is published the first file is removed. Where the copy cannot be written, `warn` is called, and the first
    file is what is to be published.
    """
    file.require_in_place()
    published = file
    with ExitStack() as stack:
        try:
            copy = stack.enter_context(_new_copy(faststart_path(output)))
            if write_with_index_in_front(file.path, copy):
                published = copy
        except (OSError, OutputError) as error:
            reason = error.problem if isinstance(error, OutputError) else error.strerror or error
            warn(f"the index could not be put in front of the film ({reason}); it is complete otherwise")
        yield published
        if published is not file:
            file.discard()


@contextmanager
def _new_copy(path: Path) -> Iterator[PartialFile]:
    """Yield a new file, which is removed unless it gets its final name. Raises OSError or OutputError."""
    path.unlink(missing_ok=True)  # of a run that was killed: this one has the lock
    with closing(PartialFile(path)) as copy:
        try:
            yield copy
        finally:
            copy.discard()


def write_with_index_in_front(path: Path, target: PartialFile) -> bool:
    """Write a film to `target` with its index in front; False, with nothing written, if it is not at the end. OSError.

    Everything but the index and the offsets in it is copied as it is.
    """
    with path.open("rb") as source:
        boxes = list(_boxes(source))
        if [box.kind for box in boxes[:1]] != [b"ftyp"] or boxes[-1].kind != b"moov":
            return False
        first, index = boxes[0], boxes[-1]
        target.write(_read(source, first.start, first.end))
        target.write(_moved(_read(source, index.start, index.end)))
        source.seek(first.end)
        for position in range(first.end, index.start, _CHUNK):
            target.write(source.read(min(_CHUNK, index.start - position)))
    return True


def _read(source: BinaryIO, start: int, end: int) -> bytes:
    source.seek(start)
    return source.read(end - start)


def _boxes(source: BinaryIO) -> Iterator[_Box]:
    """Yield the outermost boxes of a file."""
    size = source.seek(0, 2)
    start = 0
    while start + 8 <= size:
        length, kind = struct.unpack(">I4s", _read(source, start, start + 8))
        if length == 1:
            (length,) = struct.unpack(">Q", _read(source, start + 8, start + 16))
        end = start + length if length else size
        if end < start + 8:
            return
        yield _Box(kind, start, min(end, size))
        start = end


def _moved(index: bytes) -> bytes:
    """Return an index whose offsets are larger by its own length; offsets that no longer fit get 64 bits."""
    shift = len(index)
    while True:
        moved = b"".join(_shifted(index, shift))
        if len(moved) == shift:
            return moved
        shift = len(moved)


def _shifted(content: bytes, shift: int) -> Iterator[bytes]:
    """Yield the boxes of a content with their offsets shifted."""
    start = 0
    while start < len(content):
        length, kind = struct.unpack_from(">I4s", content, start)
        body = content[start + 8 : start + length]
        if kind in _PARENTS:
            body = b"".join(_shifted(body, shift))
        elif kind in _OFFSETS:
            kind, body = _shifted_offsets(kind, body, shift)
        yield struct.pack(">I4s", 8 + len(body), kind) + body
        start += length


def _shifted_offsets(kind: bytes, body: bytes, shift: int) -> tuple[bytes, bytes]:
    """Return the kind and the body of a box of offsets, shifted."""
    head, type_ = body[:8], _OFFSETS[kind]
    (number,) = struct.unpack_from(">I", head, 4)
    offsets = [offset + shift for offset in struct.unpack_from(f">{number}{type_}", body, 8)]
    if max(offsets, default=0) >= _LIMIT:
        kind, type_ = b"co64", "Q"
    return kind, head + struct.pack(f">{number}{type_}", *offsets)
