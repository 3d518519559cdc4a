"""Folders of files that share a bounded part of the disk; what was used least recently makes room."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from streamstyle.files import atomic_write

MIN_FREE_BYTES = 1 << 30
"""Bytes of the disk that are never filled: the film that is being made needs them."""


class BoundedFolder:
    """One folder among others under `root`, which together hold at most `limit` bytes.

    Any thread may read and write, and so may other processes: a file is there whole or not at all, and one that has
    been removed in the meantime is as if it had never been there.
    """

    def __init__(self, root: Path, name: str, limit: int) -> None:
        self.problem: str | None = None
        """Why nothing more is written, in words for the user; None while all is well."""
        self._root = root
        self._folder = root / name
        self._limit = limit
        self._used: int | None = None
        self._size_lock = threading.Lock()
        with suppress(OSError):
            os.utime(self._folder)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; None where there is none that can be read."""
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Keep the bytes as a file, if there is room; where there is none, `problem` says so from then on."""
        if self.problem is not None:
            return
        try:
            if self._reserve(len(data)):
                self._write_file(name, data)
            else:
                self.problem = f"{self._root} is full at {self._limit / 1e9:g} GB"
        except OSError as error:
            self.problem = f"{self._root} cannot be written to: {error.strerror or error}"

    def _write_file(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)  # anew for each: another process may have removed it
        atomic_write(self._folder / name, data)

    def _reserve(self, size: int) -> bool:
        """Count `size` bytes as used, removing other folders if needed; return whether there is room for them."""
        with self._size_lock:
            if self._used is None or self._used + size > self._limit:
                self._used = self._evict_to(self._limit - size)
            self._used += size
            return self._used <= self._limit and self._disk_has_room()

    def _evict_to(self, limit: int) -> int:
        """Remove folders, least recently used first and never our own, down to `limit` bytes; return what is left."""
        sizes = {folder: sum(_file_sizes(folder)) for folder in self._folders()}
        used = sum(sizes.values())
        for folder in sorted(sizes, key=_last_use):
            if used > limit and folder != self._folder:
                shutil.rmtree(folder, ignore_errors=True)
                used -= sizes[folder]
        return used

    def _folders(self) -> list[Path]:
        with suppress(OSError):
            return [entry for entry in self._root.iterdir() if entry.is_dir()]
        return []

    def _disk_has_room(self) -> bool:
        there = next(folder for folder in (self._root, *self._root.parents) if folder.exists())
        if shutil.disk_usage(there).free > MIN_FREE_BYTES:
            return True
        raise OSError(None, f"less than {MIN_FREE_BYTES >> 30} GB of its disk is free")


def _file_sizes(folder: Path) -> Iterator[int]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                yield entry.stat().st_size


def _last_use(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0
