"""What is known of a film without reading through it: facts for a person, and its requested range and size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from streamstyle.cli.media_args import TimeRange, middle_range
from streamstyle.cli.run_arguments import RunArguments
from streamstyle.media.colour import HLG, PQ, resolve_tags
from streamstyle.media.probe import FrameSize, empty_range_error, working_size
from streamstyle.media.reader import decode_frames, find_video_stream, open_video
from streamstyle.settings import SourceSettings
from streamstyle.video_info import StreamInfo, VideoInfo

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """A film in words and numbers."""

    path: str
    file_bytes: int
    width: int
    """Upright, in pixels."""
    height: int
    codec: str
    frame_rate: float | None
    """Frames a second."""
    frames: int | None
    frames_exact: bool
    """Whether the container states `frames`; else it is duration times frame rate."""
    duration: float | None
    """Seconds."""
    streams: tuple[str, ...]
    """The other streams: `audio aac eng`."""
    notes: tuple[str, ...]
    """What is unusual about the picture, and what a run makes of it."""


def video_facts(film: VideoInfo) -> VideoFacts:
    """Return the facts about a whole film; raises FilmError if it cannot be read."""
    with open_video(film.path) as container:
        stream = find_video_stream(container, film.path)
        first = next(decode_frames(container, stream), None)
        frames_exact = bool(stream.frames)
        notes = tuple(_video_notes(film, stream, first))
    return VideoFacts(
        path=str(film.path),
        file_bytes=film.path.stat().st_size,
        width=film.width,
        height=film.height,
        codec=film.streams[film.video_stream].codec,
        frame_rate=None if film.frame_rate is None else float(film.frame_rate),
        frames=film.frames,
        frames_exact=frames_exact,
        duration=film.duration,
        streams=tuple(_stream_text(stream) for stream in film.streams if stream.index != film.video_stream),
        notes=notes,
    )


def _stream_text(stream: StreamInfo) -> str:
    return " ".join(
        part for part in (stream.kind, stream.codec, stream.language, stream.title) if part and part != "und"
    )


def _video_notes(film: VideoInfo, stream: VideoStream, first: VideoFrame | None) -> list[str]:
    found = []
    if film.rotation:
        found.append(f"rotated by {film.rotation}° for display")
    if film.sample_aspect_ratio != 1:
        found.append(f"pixels are not square: displayed {round(film.width * film.sample_aspect_ratio)} wide")
    if _has_variable_rate(stream):
        found.append("variable frame rate, which is kept")
    if first is not None:
        found += _frame_video_notes(first)
    return found


def _frame_video_notes(picture: VideoFrame) -> list[str]:
    found = []
    colour = resolve_tags(picture, picture.width, picture.height)
    if colour.is_wide:
        kind = {PQ: "HDR (PQ)", HLG: "HDR (HLG)"}.get(colour.transfer, "wide colours (BT.2020)")
        found.append(f"{kind}: tone-mapped to SDR")
    if picture.format.components[0].bits > 8:
        found.append(f"{picture.format.components[0].bits} bits per channel: stylised from 8")
    if picture.interlaced_frame:
        found.append("interlaced: deinterlace it first, or combing is stylised too")
    return found


def _has_variable_rate(stream: VideoStream) -> bool:
    """Return whether the rate that fits all timestamps is far from the mean rate."""
    mean, exact = Fraction(stream.average_rate or 0), Fraction(stream.base_rate or 0)
    return bool(mean and exact) and abs(exact / mean - 1) > Fraction(1, 20)


def requested_range(film: VideoInfo, wanted: RunArguments) -> VideoInfo:
    """Return a whole film cut to the requested range and size; its number of frames is an estimate."""
    source = wanted.settings.source
    return _cut(at_working_size(film, source), *_bounds(film, wanted), source)


def at_working_size(film: VideoInfo, settings: SourceSettings) -> VideoInfo:
    """Return a whole film with the size of its frames as they are stylised."""
    shape = working_size(FrameSize(film.width, film.height, film.sample_aspect_ratio), settings, film.path)
    return replace(film, width=shape.width, height=shape.height, sample_aspect_ratio=shape.sample_aspect_ratio)


def _bounds(film: VideoInfo, wanted: RunArguments) -> TimeRange:
    if wanted.sample is None:
        return wanted.settings.source.start, wanted.settings.source.end
    return middle_range(film, wanted.sample)


def _cut(film: VideoInfo, start: float | None, end: float | None, settings: SourceSettings) -> VideoInfo:
    if film.duration is None or (start is None and end is None):
        return film
    begin = start or 0.0
    length = min(film.duration, film.duration if end is None else end) - begin
    if length <= 0:
        raise empty_range_error(film.path, settings, film.duration)
    return replace(
        film,
        start_pts=film.start_pts + round(begin / float(film.time_base)),
        end_pts=None if end is None else film.start_pts + round(end / float(film.time_base)),
        duration=length,
        frames=None if film.frames is None else max(1, round(film.frames * length / film.duration)),
    )
