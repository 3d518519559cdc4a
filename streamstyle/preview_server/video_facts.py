"""What is known of a video without reading all of it: facts for a person, and the requested time range and size."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from streamstyle.cli.media_args import stated_range
from streamstyle.cli.run_arguments import RunArguments
from streamstyle.media.colour import HLG, PQ, resolve_tags
from streamstyle.media.decoder import decode_frames
from streamstyle.media.image_sequence import source_size
from streamstyle.media.output_warnings import DEINTERLACED
from streamstyle.media.reader import find_video_stream, open_video
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_VARIABLE_RATE = Fraction(1, 20)
"""Least relative difference of the two rates that FFmpeg states for a stream of variable frame rate."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """A video in words and numbers."""

    path: str
    file_bytes: int
    width: int
    """Upright, in pixels."""
    height: int
    codec: str
    frame_rate: float | None
    """Frames per second."""
    frames: int | None
    frames_exact: bool
    """Whether the container states `frames`; otherwise it is duration times frame rate."""
    duration: float | None
    """Seconds."""
    streams: tuple[str, ...]
    """The other streams: `audio aac eng`."""
    notes: tuple[str, ...]
    """What is unusual about the video stream, and how a run treats it."""


def video_facts(video: VideoInfo) -> VideoFacts:
    """Return the facts about a whole video. Raises VideoError if it cannot be read."""
    with open_video(video.path) as container:
        stream = find_video_stream(container, video.path)
        first = next(decode_frames(container, stream), None)
        frames_exact = bool(stream.frames)
        notes = tuple(_video_notes(video, stream, first))
    return VideoFacts(
        path=str(video.path),
        file_bytes=source_size(video.path),
        width=video.width,
        height=video.height,
        codec=video.streams[video.video_stream].codec,
        frame_rate=None if video.frame_rate is None else float(video.frame_rate),
        frames=video.frames,
        frames_exact=frames_exact,
        duration=video.duration,
        streams=tuple(
            f"{stream.kind} {stream.label}" for stream in video.streams if stream.index != video.video_stream
        ),
        notes=notes,
    )


def requested_range(video: VideoInfo, arguments: RunArguments) -> VideoInfo:
    """Return a whole video cut to the requested time range and size; its number of frames is an estimate.

    Raises SettingsError or VideoError if there is no such range.
    """
    source = arguments.settings.source
    return stated_range(video, source, arguments.sample, (source.start, source.end))[0]


def _video_notes(video: VideoInfo, stream: VideoStream, first: VideoFrame | None) -> list[str]:
    notes = []
    if video.rotation:
        notes.append(f"rotated by {video.rotation}° for display")
    if video.sample_aspect_ratio != 1:
        notes.append(f"pixels are not square: displayed {round(video.width * video.sample_aspect_ratio)} wide")
    if _has_variable_rate(stream):
        notes.append("variable frame rate, which is kept")
    if first is not None:
        notes += _frame_notes(first)
    return notes


def _has_variable_rate(stream: VideoStream) -> bool:
    """Return whether the rate that fits all timestamps is far from the mean rate."""
    mean, exact = Fraction(stream.average_rate or 0), Fraction(stream.base_rate or 0)
    return bool(mean and exact) and abs(exact / mean - 1) > _VARIABLE_RATE


def _frame_notes(frame: VideoFrame) -> list[str]:
    notes = []
    colour = resolve_tags(frame, frame.width, frame.height)
    if colour.transfer in (PQ, HLG):
        name = "PQ" if colour.transfer == PQ else "HLG"
        notes.append(f"HDR ({name}): converted to SDR, with a smooth roll-off of highlights")
    elif colour.is_wide:
        notes.append("wide gamut (BT.2020): converted to BT.709")
    if frame.format.components[0].bits > 8:
        notes.append(f"{frame.format.components[0].bits} bits per channel: converted to 8")
    if frame.interlaced_frame:
        notes.append(DEINTERLACED)
    return notes
