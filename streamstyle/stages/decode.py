"""Decode a video: frames upright, in RGB, at the working size, each with its exact time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from typing import TYPE_CHECKING, cast

from streamstyle.frames import Frame, FramePosition
from streamstyle.media.captions import read_captions
from streamstyle.media.colour import FrameConverter
from streamstyle.media.reader import MonotonicClock, TimestampGuesser, decode_frames_from, open_video
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_PREROLL_SECONDS = 5
"""Decoding begins this long before the first frame that is wanted, so that all frames it was predicted from are decoded
too."""


def decode(video: VideoInfo, first: FramePosition | None = None) -> Iterator[Frame]:
    """Yield the frames of the processed part in display order, their times strictly rising.

    With `first` they begin at that frame, and are the same as if all frames before it had been decoded.
    """
    if first is None:
        yield from _decode_from(video)
        return
    if first.seekable:
        with closing(_decode_from(video, first)) as frames:
            found = next(frames, None)
            if found is not None and found.pts == first.pts:
                yield found
                yield from frames
                return
    yield from islice(_decode_from(video), first.index, None)


def _decode_from(video: VideoInfo, first: FramePosition | None = None) -> Generator[Frame]:
    """Yield the frames from the start of the part, or from `first`, which is sought by its time."""
    convert = FrameConverter(video)
    clock = MonotonicClock(round(1 / video.time_base), round(1 / (video.frame_rate or 25) / video.time_base))
    timestamps, index = TimestampGuesser(), 0 if first is None else first.index
    start = video.start_pts if first is None else first.pts
    preroll = 0 if first is None else round(_PREROLL_SECONDS / video.time_base)
    with ExitStack() as stack:
        container = stack.enter_context(open_video(video.path))
        stream = cast("VideoStream", container.streams[video.video_stream])
        for decoded in stack.enter_context(closing(decode_frames_from(container, stream, start - preroll))):
            if first is not None and decoded.pts is not None and decoded.pts < start:
                continue  # the first frames after a seek may lack their reference frames, and their times mean nothing
            pts = clock.map(timestamps.guess(decoded.pts, decoded.dts))
            if pts is None or pts < start:
                continue
            if video.end_pts is not None and pts >= video.end_pts:
                return
            duration = decoded.duration if video.end_pts is None else min(decoded.duration, video.end_pts - pts)
            yield Frame(
                convert(decoded),
                pts,
                index,
                seekable=clock.is_monotonic and timestamps.is_monotonic,
                duration=duration,
                captions=read_captions(decoded),
            )
            index += 1
