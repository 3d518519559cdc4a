"""Motions of a video on disk, so that a second style on the same video computes no flow.

`FlowCache` is one video's; `BoundedFolder` keeps all of them below the size limit and off the last gigabyte of a disk.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import cv2
from torch import Tensor

from streamstyle.files import atomic_write, cache_folder
from streamstyle.frames import Motion
from streamstyle.media import flow_codec
from streamstyle.media.image_sequence import source_fingerprint
from streamstyle.media.standard_streams import STDIN
from streamstyle.settings import FlowCheck, FlowSettings
from streamstyle.video_info import VideoInfo

VERSION = 4
"""Raised whenever the same video gets another flow or weight, or files have another form."""

MIN_FREE_BYTES = 1 << 30
"""Bytes of the disk that are never used: the output needs them."""


class FlowCache:
    """The motions of one video at one size and flow preset, by how they are checked; any thread may read and write.

    Nothing about the cache stops a run: motions that cannot be read are computed, and if they cannot be written,
    `problem` says why.
    """

    def __init__(self, folder: BoundedFolder | None, width: int, height: int, problem: str | None = None) -> None:
        self.computed = 0
        """Number of motions that were computed, stored or not."""
        self.cached = 0
        """Number of motions that were read, whole or the flow alone."""
        self.size = height, width
        """(height, width) of the motions."""
        self._folder = folder
        self._problem = problem
        self._count_lock = threading.Lock()

    @classmethod
    def open(cls, video: VideoInfo, settings: FlowSettings, folder: Path | None = None) -> FlowCache:
        """Return the video's cache under `folder`, by default `cache_folder() / "flow"`; at 0 GB it stores nothing."""
        limit = round(settings.flow_cache * 1e9)
        if not limit or video.path == STDIN:
            return cls(None, video.width, video.height)
        try:
            key = _key(video, settings)
        except OSError as error:
            return cls(None, video.width, video.height, f"{video.path} cannot be read: {error.strerror or error}")
        return cls(BoundedFolder(folder or cache_folder() / "flow", key, limit), video.width, video.height)

    @property
    def problem(self) -> str | None:
        """Why motions are not stored, as a message for the user; None while they are."""
        problem = self._problem or (self._folder and self._folder.problem)
        return f"The flow of this film is not cached for later runs: {problem}" if problem else None

    def holds(self, previous_pts: int, pts: int, check: FlowCheck) -> bool:
        """Whether there is a motion between two frames, or its flow; that it can be read shows when it is."""
        checks = {check, FlowCheck.forward_backward}
        return self._folder is not None and any(
            self._folder.holds(_file_name(previous_pts, pts, each)) for each in checks
        )

    def read(self, previous_pts: int, pts: int, check: FlowCheck) -> Motion | None:
        """Return the motion between two frames; None if it has to be computed."""
        if self._folder is None:
            return None
        name = _file_name(previous_pts, pts, check)
        key = _entry_key(self._folder.name, name)
        data = self._folder.read(name, len(key) + flow_codec.max_bytes(*self.size))
        if data is None or not data.startswith(key):
            return None
        try:
            motion = flow_codec.decode(data[len(key) :], *self.size)
        except ValueError:
            return None
        with self._count_lock:
            self.cached += 1
        return motion

    def read_backward(self, previous_pts: int, pts: int) -> Tensor | None:
        """Return the backward flow, [2, H, W], of a motion that was computed in both directions, for a weight by
        another check; None if it has to be computed."""
        motion = self.read(previous_pts, pts, FlowCheck.forward_backward)
        return None if motion is None else motion.backward

    def write(self, previous_pts: int, pts: int, check: FlowCheck, motion: Motion) -> None:
        """Count a computed motion, and store it if there is room."""
        with self._count_lock:
            self.computed += 1
        if self._folder:
            name = _file_name(previous_pts, pts, check)
            self._folder.write(name, _entry_key(self._folder.name, name) + flow_codec.encode(motion))


def _file_name(previous_pts: int, pts: int, check: FlowCheck) -> str:
    suffix = "" if check is FlowCheck.forward_backward else f".{check}"
    return f"{previous_pts}_{pts}{suffix}.flow"


def _entry_key(folder: str, file: str) -> bytes:
    """Return what a file starts with: a motion of other frames or of another video is not taken for this one."""
    return blake2b(repr((folder, file)).encode(), digest_size=16).digest()


def _key(video: VideoInfo, settings: FlowSettings) -> str:
    """Return a folder name that changes with anything that the flow depends on. OSError if the video is unreadable."""
    versions = VERSION, flow_codec.VERSION, cv2.__version__
    parts = (*versions, source_fingerprint(video.path), video.video_stream, video.rotation, *_changes(video))
    digest = blake2b(repr(parts).encode(), digest_size=12).hexdigest()
    return f"{digest}-{video.width}x{video.height}-{settings.flow}"


def _changes(video: VideoInfo) -> tuple[str, ...]:
    """Return what is done to the frames before their flow is computed, if anything."""
    return (video.deinterlacing,) if video.deinterlacing else ()


class BoundedFolder:
    """One of several folders under `root`, which together hold at most `limit` bytes.

    Any thread and any process may read, write and remove files at the same time: a file exists as a whole or not at
    all.
    """

    def __init__(self, root: Path, name: str, limit: int) -> None:
        self.problem: str | None = None
        """Why no more files are written, as a message for the user; None while they are."""
        self.name = name
        self._root = root
        self._folder = root / name
        self._limit = limit
        self._used: int | None = None
        self._size_lock = threading.Lock()
        with suppress(OSError):
            os.utime(self._folder)

    def holds(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return (self._folder / name).is_file()

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file; None if it does not exist, cannot be read or has more than `limit` bytes."""
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(limit + 1)
        except OSError:
            return None
        return data if len(data) <= limit else None

    def write(self, name: str, data: bytes) -> None:
        """Write a file if there is room; otherwise set `problem`, and write no more from then on."""
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
        self._folder.mkdir(parents=True, exist_ok=True)  # every time: another process may have removed it
        atomic_write(self._folder / name, data)

    def _reserve(self, size: int) -> bool:
        """Count `size` bytes as used, removing other folders if needed; return whether they fit."""
        with self._size_lock:
            if self._used is None or self._used + size > self._limit:
                self._used = self._evict_to(self._limit - size)
            self._used += size
            return self._used <= self._limit and self._disk_has_room()

    def _evict_to(self, limit: int) -> int:
        """Remove folders, least recently used first and never this one, down to `limit` bytes; return what is left."""
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
        existing = next(folder for folder in (self._root, *self._root.parents) if folder.exists())
        if shutil.disk_usage(existing).free > MIN_FREE_BYTES:
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
