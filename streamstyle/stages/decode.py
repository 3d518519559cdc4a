"""A film's file becomes frames: upright, in RGB, at the working size, each with its exact time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from streamstyle.errors import FilmError
from streamstyle.frames import Frame, FramePosition
from streamstyle.media.colour import FrameConverter, read_orientation
from streamstyle.media.probe import (
    FrameSize,
    VideoRange,
    count_range,
    frame_rate,
    range_from_header,
    stream_info,
    time_base,
    working_size,
)
from streamstyle.media.reader import (
    MonotonicClock,
    TimestampGuesser,
    decode_frames,
    decode_frames_from,
    find_video_stream,
    open_video,
)
from streamstyle.settings import SourceSettings
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    PartOf = Callable[[InputContainer, VideoStream, Path, SourceSettings], VideoRange]

_PREROLL_SECONDS = 5
"""Seconds before a place that decoding begins, so that every picture there has all it was predicted from."""


def probe(path: Path, settings: SourceSettings) -> VideoInfo:
    """Return what is known of the film, counting its packets without decoding them.

    FilmError when it is not a film, holds nothing that can be painted, or does not reach into the range asked for.
    """
    return _probe(path, settings, count_range)


def probe_header(path: Path) -> VideoInfo:
    """Return what a film says of itself, its length and number of frames among it, without reading through it.

    A film that does not say how long it is is read through. FilmError as of `probe`.
    """
    return _probe(path, SourceSettings(), range_from_header)


def _probe(path: Path, settings: SourceSettings, part_of: PartOf) -> VideoInfo:
    first, pixel_aspect = _first_frame(path)
    orientation = read_orientation(first)
    shape = working_size(FrameSize(first.width, first.height, pixel_aspect).turned(orientation), settings, path)
    with open_video(path) as container:
        stream = find_video_stream(container, path)
        part = part_of(container, stream, path, settings)
        return VideoInfo(
            path=path,
            width=shape.width,
            height=shape.height,
            source_width=first.width,
            source_height=first.height,
            rotation=orientation.rotation,
            sample_aspect_ratio=shape.sample_aspect_ratio,
            time_base=time_base(stream),
            frame_rate=frame_rate(stream),
            frames=part.frames,
            start_pts=part.start_pts,
            end_pts=part.end_pts,
            duration=part.duration,
            video_stream=stream.index,
            streams=tuple(stream_info(each) for each in container.streams),
        )


def _first_frame(path: Path) -> tuple[VideoFrame, Fraction]:
    """Return it with the width of a pixel over its height."""
    with open_video(path) as container:
        stream = find_video_stream(container, path)
        first = next(decode_frames(container, stream), None)
        if first is None:
            raise FilmError(f"{path} has no frame that can be decoded", "Copy or download it again.")
        return first, Fraction(stream.sample_aspect_ratio or 0) or Fraction(1)


def decode(film: VideoInfo, place: FramePosition | None = None) -> Iterator[Frame]:
    """Yield the frames of the processed part in the order they are shown, each later than the one before.

    With a `place` they begin with the frame that was there, each as if all before it had been decoded, too.
    """
    if place is None:
        yield from _decode_from(film)
        return
    if place.seekable:
        with closing(_decode_from(film, place)) as frames:
            first = next(frames, None)
            if first is not None and first.pts == place.pts:
                yield first
                yield from frames
                return
    yield from islice(_decode_from(film), place.index, None)


def _decode_from(film: VideoInfo, place: FramePosition | None = None) -> Generator[Frame]:
    """Yield the frames from the beginning of the part on, or from a plain `place` on."""
    to_working = FrameConverter(film)
    timeline = MonotonicClock(round(1 / film.time_base), round(1 / (film.frame_rate or 25) / film.time_base))
    stamp, index = TimestampGuesser(), 0 if place is None else place.index
    begin = film.start_pts if place is None else place.pts
    with ExitStack() as opened:
        container = opened.enter_context(open_video(film.path))
        stream = cast("VideoStream", container.streams[film.video_stream])
        margin = 0 if place is None else round(_PREROLL_SECONDS / film.time_base)
        pictures = opened.enter_context(closing(decode_frames_from(container, stream, begin - margin)))
        for picture in pictures:
            if place is not None and picture.pts is not None and picture.pts < begin:
                continue  # what a seek lands on may lack what it was predicted from, and its time says nothing
            pts = timeline.map(stamp.pts(picture.pts, picture.dts))
            if pts is None or pts < begin:
                continue
            if film.end_pts is not None and pts >= film.end_pts:
                return
            yield Frame(to_working(picture), pts, index, seekable=timeline.is_monotonic and stamp.is_monotonic)
            index += 1
