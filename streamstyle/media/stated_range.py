"""The requested size and time range of a video of which only the header has been read."""

from __future__ import annotations

from dataclasses import replace

from streamstyle.media.probe import FrameSize, which_to_deinterlace, working_size
from streamstyle.media.video_range import empty_range_error
from streamstyle.settings import SourceSettings
from streamstyle.video_info import VideoInfo


def at_working_size(video: VideoInfo, settings: SourceSettings) -> VideoInfo:
    """Return a whole video with the size at which its frames are stylised."""
    size = working_size(FrameSize(video.width, video.height, video.sample_aspect_ratio), settings, video.path)
    deinterlacing = which_to_deinterlace(settings, video.is_interlaced)
    return replace(
        video,
        width=size.width,
        height=size.height,
        sample_aspect_ratio=size.sample_aspect_ratio,
        deinterlacing=deinterlacing,
    )


def cut_to_range(video: VideoInfo, start: float | None, end: float | None, settings: SourceSettings) -> VideoInfo:
    """Return a whole video cut to a time range in seconds; its number of frames is an estimate.

    Raises VideoError if there is no such range.
    """
    if video.duration is None or (start is None and end is None):
        return video
    start = start or 0.0
    duration = min(video.duration, video.duration if end is None else end) - start
    if duration <= 0:
        raise empty_range_error(video.path, settings, video.duration)
    return replace(
        video.starting_at(start),
        end_pts=None if end is None else video.start_pts + round(end / float(video.time_base)),
        duration=duration,
        frames=None if video.frames is None else max(1, round(video.frames * duration / video.duration)),
    )
