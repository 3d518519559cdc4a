"""The masks of a film, read as it is painted: images, films and image sequences of their own, at any size."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.errors import StreamstyleError
from streamstyle.files import IMAGE_SUFFIXES
from streamstyle.frames import Frame
from streamstyle.looks import TOLERANCE
from streamstyle.media.image_sequence import is_sequence
from streamstyle.media.images import read_image
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.styles.frame_looks import FrameLooks
from streamstyle.video_info import VideoInfo

_SEEK_SECONDS = 5.0
"""How long before the time that is wanted a mask film is read, in case its frames are shown for long."""


class MaskFilms:
    """Which mask each frame of a film has. Frames are to be asked for in order."""

    def __init__(self, film: VideoInfo, looks: FrameLooks) -> None:
        """Open all masks. StreamstyleError for one that cannot be read."""
        self._film, self._looks = film, looks
        self._open = dict[Path, _StillMask | _MovingMask]()
        for path in {mask.path for mask in looks.looks.masks}:
            try:
                self._open[path] = self._opened(path)
            except StreamstyleError as error:
                unusable = type(error)(f"the mask cannot be used: {error.problem}", error.next_step)
                raise looks.looks.located(unusable, path) from error

    def at(self, frame: Frame) -> NDArray[np.uint8] | None:
        """Return the mask of a frame, [H, W], 255 where its look holds; None if it holds everywhere."""
        mask = self._looks.mask_at(frame)
        return None if mask is None else self._open[mask.path].at(self._looks.time(frame))

    def _opened(self, path: Path) -> _StillMask | _MovingMask:
        size = self._film.width, self._film.height
        if path.suffix.lower() in IMAGE_SUFFIXES and not is_sequence(path):
            return _StillMask(path, size)
        source = SourceSettings(size=size, frame_rate=self._film.frame_rate if is_sequence(path) else None)
        return _MovingMask(probe(path, source))


class _StillMask:
    """An image."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        grey = cv2.cvtColor(read_image(path), cv2.COLOR_RGB2GRAY)
        shrinks = size[0] < grey.shape[1]
        resized = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        self._mask = np.asarray(resized, np.uint8)

    def at(self, time: float) -> NDArray[np.uint8]:
        """Return it."""
        return self._mask


class _MovingMask:
    """A film or an image sequence, whose last frame stays."""

    def __init__(self, video: VideoInfo) -> None:
        self._video = video
        self._frames: Generator[Frame] | None = None
        self._current: Frame | None = None
        self._next: Frame | None = None

    def at(self, time: float) -> NDArray[np.uint8]:
        """Return the frame that is shown at a time, or the first one before it begins; times may not go back."""
        if self._current is None:
            self._start(max(0.0, time - _SEEK_SECONDS))
            if self._current is None or self._time(self._current) > time + TOLERANCE:
                self._start(0.0)
        while self._next is not None and self._time(self._next) <= time + TOLERANCE:
            self._current, self._next = self._next, self._read()
        assert self._current is not None  # a film without frames is not opened
        return np.asarray(cv2.cvtColor(self._current.image, cv2.COLOR_RGB2GRAY), np.uint8)

    def _start(self, seconds: float) -> None:
        if self._frames is not None:
            self._frames.close()
        self._frames = _generate(self._video.starting_at(seconds) if seconds else self._video)
        self._current = self._read()
        self._next = self._read()

    def _read(self) -> Frame | None:
        assert self._frames is not None
        return next(self._frames, None)

    def _time(self, frame: Frame) -> float:
        return self._video.film_time(frame.pts)


def _generate(video: VideoInfo) -> Generator[Frame]:
    yield from decode(video)
