"""Frames of a film to train on: some fifty, evenly spread over its duration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from streamstyle.frames import Frame
from streamstyle.media.images import RgbImage
from streamstyle.stages.decode import decode
from streamstyle.train.image_data import crop_at_size
from streamstyle.video_info import VideoInfo

MAX_IMAGES = 48

MAX_BYTES = 192 << 20
"""Upper bound of their memory: fewer images of a large film are taken."""

MAX_DECODED = 1000
"""A film of up to this many frames is decoded as a whole, which is quicker than to seek in it."""

MAX_RESIZING = 1.25
"""Factor by which crops are enlarged or reduced at most. More, and the strokes would have another size in the film."""


@dataclass(frozen=True, slots=True)
class FilmImages:
    """Frames of a film at the size that it is stylised at."""

    path: Path
    """Of the film."""
    images: Sequence[RgbImage]
    pts: Sequence[int]
    """Of each image."""

    @classmethod
    def of(cls, video: VideoInfo, frames: Iterable[Frame]) -> FilmImages:
        """Return these frames of a video."""
        images, pts = [], []
        for frame in frames:
            images.append(frame.image)
            pts.append(frame.pts)
        return cls(video.path, images, pts)

    def crops(self, side: int, seed: int) -> Iterator[RgbImage]:
        """Yield square crops without end, in random order, each image once per round."""
        rng = np.random.default_rng(seed)
        while True:
            for position in rng.permutation(len(self.images)):
                image = self.images[position]
                resizing = float(rng.uniform(1 / MAX_RESIZING, MAX_RESIZING))
                yield crop_at_size(image, max(side, round(resizing * min(image.shape[:2]))), side, rng)


def read_film_images(video: VideoInfo) -> FilmImages:
    """Return frames from the whole processed part of the video. Raises VideoError if it cannot be decoded."""
    count = max(1, min(MAX_IMAGES, MAX_BYTES // (3 * video.width * video.height)))
    if video.duration is None or video.frames is None or video.frames <= MAX_DECODED:
        return _every_nth(video, count)
    times = [video.duration * (index + 0.5) / count for index in range(count)]
    found = [frame for time in times for frame in islice(decode(video.starting_at(time)), 1)]
    return FilmImages.of(video, found) if found else _every_nth(video, count)


def _every_nth(video: VideoInfo, count: int) -> FilmImages:
    """Return up to `count` of the first `MAX_DECODED` frames, at equal distances."""
    step = max(1, -(-min(video.frames or MAX_DECODED, MAX_DECODED) // count))
    return FilmImages.of(video, islice(decode(video), 0, MAX_DECODED, step))
