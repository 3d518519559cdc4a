"""The folder of a run on a cluster: its finished pieces, and the journal that says which are.

A piece is written, synced and renamed, and then noted in the journal, which is synced too. Only what the journal says
and the files still are counts: head, scheduler and workers may die at any moment.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO

from streamstyle.cluster.painting import PaintedPiece, content_digest
from streamstyle.cluster.pieces import Piece
from streamstyle.errors import OutputError
from streamstyle.files import atomic_write, fsync_descriptor, max_name_length, parse_json_object, shorten_name
from streamstyle.media.output_file import lock_existing, output_errors
from streamstyle.resume.signature import check_unchanged

SCHEMA = "streamstyle.pieces/1"
_MOVE_HINT = "Move it away, or choose another output with -o."


def pieces_folder(output: Path) -> Path:
    """Return the folder of the pieces of an output: `film.wave.mkv.pieces` beside `film.wave.mkv`."""
    ending = ".pieces"
    return output.with_name(shorten_name(output.name, max_name_length(output.parent) - len(ending)) + ending)


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished piece, as the journal has it."""

    piece: int
    frames: int
    times: str
    """Digest of number and times of its frames and of those painted before it."""
    file: str
    digest: str
    header: str
    arithmetic: str
    worker: str
    seconds: float


class Journal:
    """The journal of one run, open and locked; see `open_journal`."""

    def __init__(self, folder: Path, file: IO[bytes], entries: Mapping[int, Entry]) -> None:
        self.folder, self._file = folder, file
        self._entries = dict(entries)

    @property
    def entries(self) -> list[Entry]:
        """What is noted so far, earlier runs included."""
        return list(self._entries.values())

    def finished(self, piece: Piece) -> Path | None:
        """Return the file of a piece that is finished and as it was written; else None."""
        entry = self._entries.get(piece.number)
        if entry is None or entry.times != frames_digest(piece):
            return None
        path = self.folder / entry.file
        try:
            whole = content_digest(path.read_bytes()) == entry.digest
        except OSError:
            whole = False
        return path if whole else None

    def path(self, piece: Piece, suffix: str) -> Path:
        """Return the file of a piece."""
        return self.folder / f"{piece.number:06}{suffix}"

    def add(self, piece: Piece, painted: PaintedPiece, suffix: str) -> Path:
        """Write a piece, durably, and then note it; return its file. Raises OutputError."""
        path = self.path(piece, suffix)
        entry = Entry(
            piece.number, len(piece.frames), frames_digest(piece), path.name, painted.digest, painted.header,
            painted.arithmetic, painted.worker, round(painted.seconds, 3),
        )  # fmt: skip
        with output_errors(path):
            atomic_write(path, painted.content, durable=True)
            _append(self._file, json.dumps(asdict(entry)))
        self._entries[piece.number] = entry
        return path

    def remove(self) -> None:
        """Remove the folder: the output is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def open_journal(output: Path, signature: Mapping[str, str], *, restart: bool) -> Iterator[Journal]:
    """Yield the journal of an output, which goes on where an earlier run with this signature ended.

    The folder does not stay if no piece was finished.
    Raises OutputError if that run had another signature or is still running, or if the folder is none of a run.
    """
    folder = pieces_folder(output)
    path = folder / "journal.jsonl"
    if os.path.lexists(folder) and not _is_own(folder, path):
        raise OutputError(f"{folder} exists already and is of no run", _MOVE_HINT)
    with lock_existing(path):
        if restart or not path.is_file():
            shutil.rmtree(folder, ignore_errors=True)
    with output_errors(folder):
        folder.mkdir(exist_ok=True)
        if not path.exists():
            atomic_write(path, json.dumps({"schema": SCHEMA, "signature": dict(signature)}) + "\n", durable=True)
    with lock_existing(path), output_errors(path), path.open("rb+") as file:
        header, *lines = file.read().split(b"\n")
        check_unchanged(parse_json_object(header).get("signature", {}), signature, folder)
        file.seek(0, os.SEEK_END)
        if lines and lines[-1]:  # a line that a killed run has begun
            _append(file, "")
        journal = Journal(folder, file, _parse(lines))
        try:
            yield journal
        finally:
            if not journal.entries:  # nothing is to be resumed
                journal.remove()


def frames_digest(piece: Piece) -> str:
    """Return a digest of the times of all frames of a piece."""
    times = [len(piece.run_in), *(position.pts for position in (*piece.run_in, *piece.frames)), piece.end_pts]
    return blake2b(json.dumps(times).encode(), digest_size=8).hexdigest()


def _is_own(folder: Path, journal: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    if not journal.is_file():  # a run was killed before it had written one
        return all(each.name.endswith(".partial") for each in folder.iterdir())
    with journal.open("rb") as file:
        return SCHEMA.encode() in file.readline(1 << 16)


def _append(file: IO[bytes], line: str) -> None:
    file.write(f"{line}\n".encode())
    file.flush()
    fsync_descriptor(file.fileno())


def _parse(lines: list[bytes]) -> dict[int, Entry]:
    """Return the entries by piece; the last one counts, and lines that are none are left out."""
    entries = {}
    for line in lines:
        try:
            entry = Entry(**parse_json_object(line))
        except TypeError:
            continue
        entries[entry.piece] = entry
    return entries
