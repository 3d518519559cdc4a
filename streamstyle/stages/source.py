"""A film's file becomes frames: upright, in RGB, at the working size, each with its exact time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from streamstyle.errors import FilmError
from streamstyle.film import Film, Stream
from streamstyle.frame import Frame
from streamstyle.media.colour import ToRGB
from streamstyle.media.opening import is_cover, open_film, video_stream
from streamstyle.media.orientation import Orientation, orientation_of
from streamstyle.media.shape import Shape, working_shape
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream as AVStream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


def probe(path: Path, settings: SourceSettings) -> Film:
    """Return what is known of the film; FilmError when there is nothing in it to paint."""
    with open_film(path) as container:
        stream = video_stream(container, path)
        first = next(_decoded(container, stream), None)
        if first is None:
            raise FilmError(f"{path} has no frame that can be decoded", "Copy or download it again.")
        orientation = orientation_of(first)
        source = _source_shape(stream, first, orientation)
        shape = working_shape(source, settings, path)
    with open_film(path) as container:
        stream = video_stream(container, path)
        time_base = Fraction(stream.time_base or 0) or Fraction(1, 1000)
        ticks = sorted(_ticks(container, stream))
        start, end, count, duration = _part(path, ticks, time_base, settings, _rate(stream))
        return Film(
            path=path,
            width=shape.width,
            height=shape.height,
            source_width=first.width,
            source_height=first.height,
            rotation=orientation.rotation,
            sample_aspect_ratio=shape.sample_aspect_ratio,
            time_base=time_base,
            frame_rate=_rate(stream),
            frames=count,
            start_pts=start,
            end_pts=end,
            duration=duration,
            video_stream=stream.index,
            streams=tuple(_described(each) for each in container.streams),
        )


def decode(film: Film) -> Iterator[Frame]:
    """Yield the frames of the processed part, in the order they are shown."""
    with open_film(film.path) as container:
        stream = container.streams[film.video_stream]
        if film.start_pts > (stream.start_time or 0):
            container.seek(film.start_pts, stream=stream)
        index, last, to_rgb, orientation = 0, None, None, Orientation()
        for decoded in _decoded(container, stream):
            pts = decoded.pts
            if pts is None or pts < film.start_pts or (last is not None and pts <= last):
                continue
            if film.end_pts is not None and pts >= film.end_pts:
                return
            if to_rgb is None:
                orientation = orientation_of(decoded)
                to_rgb = ToRGB(*orientation.shape(film.width, film.height))
            yield Frame(orientation.upright(to_rgb(decoded)), pts, index)
            index, last = index + 1, pts


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue


def _source_shape(stream: VideoStream, first: VideoFrame, orientation: Orientation) -> Shape:
    aspect = Fraction(stream.sample_aspect_ratio or 0) or Fraction(1)
    width, height = orientation.shape(first.width, first.height)
    return Shape(width, height, aspect if width == first.width else 1 / aspect)


def _ticks(container: InputContainer, stream: VideoStream) -> Iterator[int]:
    for packet in container.demux(stream):
        if packet.size and not packet.is_discard and (packet.pts is not None or packet.dts is not None):
            yield packet.pts if packet.pts is not None else packet.dts


def _part(
    path: Path, ticks: list[int], time_base: Fraction, settings: SourceSettings, rate: Fraction | None
) -> tuple[int, int | None, int, float]:
    first, step = ticks[0], (1 / rate if rate else Fraction(0))
    start = first + (Fraction(settings.start) / time_base if settings.start else 0)
    end = first + Fraction(settings.end) / time_base if settings.end else None
    inside = [tick for tick in ticks if tick >= start and (end is None or tick < end)]
    if not inside:
        raise FilmError(f"{path} ends before {settings.start} s", "Give a range inside the film.")
    last = inside[-1]
    return (
        inside[0],
        None if end is None else int(-(-end // 1)),
        len(inside),
        float((last - inside[0]) * time_base + step),
    )


def _rate(stream: VideoStream) -> Fraction | None:
    return stream.average_rate or stream.guessed_rate or None


def _described(stream: AVStream) -> Stream:
    kind = "attachment" if is_cover(stream) else stream.type
    codec = stream.codec_context.codec.canonical_name if stream.codec_context is not None else stream.name or "unknown"
    return Stream(stream.index, kind, codec, stream.language, stream.metadata.get("title"))
