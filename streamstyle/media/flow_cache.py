"""Motion kept on disk, so that a second style on the same film computes none."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import cv2

from streamstyle.files import atomic_write, cache_folder, fingerprint
from streamstyle.frames import Motion
from streamstyle.media import flow_codec
from streamstyle.settings import FlowSettings
from streamstyle.video_info import VideoInfo

VERSION = 1
"""Changes whenever the same film would get another flow or weight."""


class FlowCache:
    """The motions of one film at one size by one preset; any thread may read and write.

    A cache never stops a run: what cannot be read is computed, what cannot be kept is not, and `problem` says why.
    """

    def __init__(self, shelf: BoundedFolder | None, width: int, height: int, problem: str | None = None) -> None:
        self.computed = 0
        """Motions that were written, kept or not."""
        self.cached = 0
        """Motions that were read."""
        self._folder = shelf
        self._shape = (height, width)
        self._problem = problem
        self._count_lock = threading.Lock()

    @classmethod
    def open(cls, film: VideoInfo, settings: FlowSettings, folder: Path | None = None) -> FlowCache:
        """Return the film's cache under `folder`, or under `cache_folder() / "flow"`; it keeps nothing at 0 GB."""
        limit = round(settings.flow_cache * 1e9)
        if not limit:
            return cls(None, film.width, film.height)
        try:
            key = _key(film, settings)
        except OSError as error:
            return cls(None, film.width, film.height, f"{film.path} cannot be read: {error.strerror or error}")
        return cls(BoundedFolder(folder or cache_folder() / "flow", key, limit), film.width, film.height)

    @property
    def problem(self) -> str | None:
        """Why motion is not kept, in words for the user; None while all is well."""
        problem = self._problem or (self._folder and self._folder.problem)
        return f"The flow of this film is not kept for later runs: {problem}" if problem else None

    def read(self, previous_pts: int, pts: int) -> Motion | None:
        """Return the motion between two frames; None where it has to be computed."""
        data = self._folder.read(_file_name(previous_pts, pts)) if self._folder else None
        if data is None:
            return None
        try:
            motion = flow_codec.decode(data)
        except ValueError:
            return None
        if motion.weight.shape != self._shape:
            return None
        with self._count_lock:
            self.cached += 1
        return motion

    def write(self, previous_pts: int, pts: int, motion: Motion) -> None:
        """Count a computed motion, and keep it if there is room."""
        with self._count_lock:
            self.computed += 1
        if self._folder:
            self._folder.write(_file_name(previous_pts, pts), flow_codec.encode(motion))


def _file_name(previous_pts: int, pts: int) -> str:
    return f"{previous_pts}_{pts}.flow"


def _key(film: VideoInfo, settings: FlowSettings) -> str:
    """Return a folder's name that differs wherever anything differs that the flow depends on."""
    content = fingerprint(film.path)
    turned = (film.video_stream, film.rotation)
    all_of_it = (VERSION, flow_codec.VERSION, cv2.__version__, content, *turned)
    digest = blake2b(repr(all_of_it).encode(), digest_size=12).hexdigest()
    return f"{digest}-{film.width}x{film.height}-{settings.flow}"


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
