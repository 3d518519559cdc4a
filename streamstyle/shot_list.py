"""The shots of a film with a small picture of each: found, shown on a contact sheet, and written as a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streamstyle.contact_sheet import arrange_in_grid, captioned_cell
from streamstyle.formatting import format_timestamp, sanitise
from streamstyle.media.images import RgbImage, resize
from streamstyle.prefetch import prefetch
from streamstyle.stages.decode import decode
from streamstyle.stages.shots import number_shots
from streamstyle.video_info import VideoInfo

PICTURE_WIDTH = 160
"""Pixels."""

_DECODE_AHEAD = 8

_CANDIDATES = 16
"""Pictures of a shot that are kept while its middle is not known."""

_HEAD = """\
# The shots of {movie}, for: streamstyle run {movie} --script FILE
# What stands here at the top holds wherever a shot says nothing else; the same can be set for every shot.
# style = "wave"            # a style, an image, or a blend such as "wave:0.6,my.jpg:0.4"
# strength = 1.0            # 0 to 1
# style-scale = 1.0         # 2: strokes twice as large
# preserve-colour = false
# Values that change within a shot stand in [[shot.key]], each with its time, and are interpolated:
#   [[shot.key]]
#   time = "0:12.000"
#   style = "starry_night"
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """An unbroken run of frames."""

    start: float
    """Seconds from the start of the film to its first frame."""
    end: float
    """Seconds to the first frame after it."""
    frames: int
    picture: RgbImage = field(repr=False)
    """A frame of about its middle, 160 pixels wide."""


def find_shots(video: VideoInfo, on_frame: Callable[[int], None] = lambda frames: None) -> Iterator[Shot]:
    """Yield the shots of a video; `on_frame` is told how many frames have been read."""
    step = float(1 / (video.frame_rate or 25))
    height = max(1, round(PICTURE_WIDTH * video.height / (video.width * video.sample_aspect_ratio)))
    count, shot, start, time = 0, 0, 0.0, 0.0
    middle = _Middle()
    with prefetch(decode(video), ahead=_DECODE_AHEAD) as frames:
        for frame in number_shots(frames):
            time = video.film_time(frame.pts)
            if frame.shot != shot:
                yield Shot(start, time, middle.frames, middle.picture())
                middle, shot = _Middle(), frame.shot
            if not middle.frames:
                start = time
            middle.add(resize(frame.image, (PICTURE_WIDTH, height)))
            count += 1
            on_frame(count)
    if middle.frames:
        yield Shot(start, time + step, middle.frames, middle.picture())


class _Middle:
    """Finds the picture in the middle of a row whose length is not known before its end, in bounded memory."""

    def __init__(self) -> None:
        self.frames = 0
        self._stride, self._kept = 1, list[RgbImage]()

    def add(self, picture: RgbImage) -> None:
        """Add the next picture of the row."""
        if self.frames % self._stride == 0:
            self._kept.append(picture)
        self.frames += 1
        if len(self._kept) > _CANDIDATES:
            self._kept, self._stride = self._kept[::2], 2 * self._stride

    def picture(self) -> RgbImage:
        """Return the picture of about the middle."""
        return self._kept[len(self._kept) // 2]


def shot_sheet(shots: Iterable[Shot]) -> RgbImage:
    """Return the pictures of all shots on one image, each with its number and start."""
    return arrange_in_grid(
        captioned_cell(shot.picture, f"{number}  {format_timestamp(shot.start)}", None)
        for number, shot in enumerate(shots, 1)
    )


def script_text(
    movie: str,
    shots: Sequence[Shot],
    pictures: Sequence[str],  # their paths, relative to the script
) -> str:
    """Return a script that names all shots, their times and pictures, and no style yet."""
    parts = [_HEAD.format(movie=sanitise(movie))]
    for number, (shot, picture) in enumerate(zip(shots, pictures, strict=True), 1):
        length = f"{shot.frames} frame{'s' * (shot.frames != 1)}, {shot.end - shot.start:.2f} s"
        parts.append(
            f"[[shot]]  # {number}: {length}\n"
            f'start = "{format_timestamp(shot.start)}"\n'
            f"picture = {json.dumps(picture)}\n"  # a string of JSON is one of TOML
        )
    return "\n".join(parts)


def picture_path(script: Path, number: int) -> Path:
    """Return where the picture of a shot is kept: in a folder beside the script."""
    return script.with_name(f"{script.stem}.shots") / f"{number:04}.jpg"
