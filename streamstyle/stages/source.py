"""A film's file becomes frames: upright, in RGB, at the working size, each with its exact time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from streamstyle.errors import FilmError
from streamstyle.film import Film
from streamstyle.frame import Frame, Place
from streamstyle.media.decoding import decoded, decoded_from
from streamstyle.media.facts import described, rate_of, tick_of
from streamstyle.media.opening import open_film, video_stream
from streamstyle.media.orientation import orientation_of
from streamstyle.media.part import Part, part_of, part_said
from streamstyle.media.shape import Shape, working_shape
from streamstyle.media.timeline import Stamp, Timeline
from streamstyle.media.working import ToWorking
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    PartOf = Callable[[InputContainer, VideoStream, Path, SourceSettings], Part]

_MARGIN = 5
"""Seconds before a place that decoding begins, so that every picture there has all it was predicted from."""


def probe(path: Path, settings: SourceSettings) -> Film:
    """Return what is known of the film, counting its packets without decoding them.

    FilmError when it is not a film, holds nothing that can be painted, or does not reach into the range asked for.
    """
    return _known(path, settings, part_of)


def glance(path: Path) -> Film:
    """Return what a film says of itself, its length and number of frames among it, without reading through it.

    A film that does not say how long it is is read through. FilmError as of `probe`.
    """
    return _known(path, SourceSettings(), part_said)


def _known(path: Path, settings: SourceSettings, part_of: PartOf) -> Film:
    first, pixel_aspect = _first_picture(path)
    orientation = orientation_of(first)
    shape = working_shape(Shape(first.width, first.height, pixel_aspect).turned(orientation), settings, path)
    with open_film(path) as container:
        stream = video_stream(container, path)
        part = part_of(container, stream, path, settings)
        return Film(
            path=path,
            width=shape.width,
            height=shape.height,
            source_width=first.width,
            source_height=first.height,
            rotation=orientation.rotation,
            sample_aspect_ratio=shape.sample_aspect_ratio,
            time_base=tick_of(stream),
            frame_rate=rate_of(stream),
            frames=part.frames,
            start_pts=part.start_pts,
            end_pts=part.end_pts,
            duration=part.duration,
            video_stream=stream.index,
            streams=tuple(described(each) for each in container.streams),
        )


def _first_picture(path: Path) -> tuple[VideoFrame, Fraction]:
    """Return it with the width of a pixel over its height."""
    with open_film(path) as container:
        stream = video_stream(container, path)
        first = next(decoded(container, stream), None)
        if first is None:
            raise FilmError(f"{path} has no frame that can be decoded", "Copy or download it again.")
        return first, Fraction(stream.sample_aspect_ratio or 0) or Fraction(1)


def decode(film: Film, place: Place | None = None) -> Iterator[Frame]:
    """Yield the frames of the processed part in the order they are shown, each later than the one before.

    With a `place` they begin with the frame that was there, each as if all before it had been decoded, too.
    """
    if place is None:
        yield from _decoded(film)
        return
    if place.plain:
        with closing(_decoded(film, place)) as frames:
            first = next(frames, None)
            if first is not None and first.pts == place.pts:
                yield first
                yield from frames
                return
    yield from islice(_decoded(film), place.index, None)


def _decoded(film: Film, place: Place | None = None) -> Generator[Frame]:
    """Yield the frames from the beginning of the part on, or from a plain `place` on."""
    to_working = ToWorking(film)
    timeline = Timeline(round(1 / film.time_base), round(1 / (film.frame_rate or 25) / film.time_base))
    stamp, index = Stamp(), 0 if place is None else place.index
    begin = film.start_pts if place is None else place.pts
    with ExitStack() as opened:
        container = opened.enter_context(open_film(film.path))
        stream = cast("VideoStream", container.streams[film.video_stream])
        margin = 0 if place is None else round(_MARGIN / film.time_base)
        pictures = opened.enter_context(closing(decoded_from(container, stream, begin - margin)))
        for picture in pictures:
            if place is not None and picture.pts is not None and picture.pts < begin:
                continue  # what a seek lands on may lack what it was predicted from, and its time says nothing
            pts = timeline.place(stamp.of(picture.pts, picture.dts))
            if pts is None or pts < begin:
                continue
            if film.end_pts is not None and pts >= film.end_pts:
                return
            yield Frame(to_working(picture), pts, index, plain=timeline.plain and stamp.plain)
            index += 1
