"""Motion kept on disk, so that a second style on the same film computes none."""

from __future__ import annotations

import threading
from hashlib import blake2b
from pathlib import Path

import cv2

from streamstyle.files import cache_folder, fingerprint
from streamstyle.film import VideoInfo
from streamstyle.frame import Motion
from streamstyle.media import motion_code
from streamstyle.media.shelf import BoundedFolder
from streamstyle.settings import FlowSettings

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
            motion = motion_code.decode(data)
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
            self._folder.write(_file_name(previous_pts, pts), motion_code.encode(motion))


def _file_name(previous_pts: int, pts: int) -> str:
    return f"{previous_pts}_{pts}.flow"


def _key(film: VideoInfo, settings: FlowSettings) -> str:
    """Return a folder's name that differs wherever anything differs that the flow depends on."""
    content = fingerprint(film.path)
    turned = (film.video_stream, film.rotation)
    all_of_it = (VERSION, motion_code.VERSION, cv2.__version__, content, *turned)
    digest = blake2b(repr(all_of_it).encode(), digest_size=12).hexdigest()
    return f"{digest}-{film.width}x{film.height}-{settings.flow}"
