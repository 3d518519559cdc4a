"""Decode a video: frames upright, in RGB, at the working size, each with its exact time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from streamstyle.frames import Frame, FramePosition
from streamstyle.media.captions import read_captions
from streamstyle.media.decoder import decode_frames_from
from streamstyle.media.deinterlace import deinterlace
from streamstyle.media.frame_converter import FrameConverter
from streamstyle.media.frame_times import RisingTimes, TimestampGuesser, with_next
from streamstyle.prefetch import PrefetchIterator, prefetch
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

T = TypeVar("T")

PREROLL_SECONDS = 5
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


def decode_in_threads(
    video: VideoInfo, work: Callable[[Frame], T], *, workers: int, ahead: int
) -> AbstractContextManager[PrefetchIterator[T]]:
    """Return `work` of each frame of `decode`, `ahead` at most computed before their use, by so many threads.

    They convert the frames to RGB, too, which takes longer than FFmpeg's decoder, which has threads of its own.
    """
    local = threading.local()

    def convert(decoded: _Decoded) -> T:
        if not hasattr(local, "to_frame"):
            local.to_frame = _converter(video)
        return work(local.to_frame(decoded))

    return prefetch(_unconverted(video), convert, workers=workers, ahead=ahead)


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A decoded frame, not yet converted, and its place."""

    frame: VideoFrame
    pts: int
    index: int
    seekable: bool
    duration: int


def _decode_from(video: VideoInfo, first: FramePosition | None = None) -> Generator[Frame]:
    """Yield the frames from the start of the part, or from `first`, which is sought by its time."""
    convert = _converter(video)
    with closing(_unconverted(video, first)) as decoded:
        yield from map(convert, decoded)


def _converter(video: VideoInfo) -> Callable[[_Decoded], Frame]:
    """Return what converts decoded frames; not thread-safe."""
    convert = FrameConverter(video)

    def to_frame(decoded: _Decoded) -> Frame:
        pixels = convert(decoded.frame)
        return Frame(
            pixels.image,
            decoded.pts,
            decoded.index,
            seekable=decoded.seekable,
            duration=decoded.duration,
            captions=read_captions(decoded.frame),
            deep=pixels.deep,
            alpha=pixels.alpha,
        )

    return to_frame


def _unconverted(video: VideoInfo, first: FramePosition | None = None) -> Generator[_Decoded]:
    """Yield the decoded frames of `_decode_from`."""
    times = RisingTimes(round(1 / video.time_base), round(1 / (video.frame_rate or 25) / video.time_base))
    index = 0 if first is None else first.index
    start = video.start_pts if first is None else first.pts
    with closing(_timed_frames(video, start, preroll=first is not None)) as timed:
        for (decoded, tick, is_stored), following in with_next(timed):
            pts = times.repair(tick, None if following is None else following[1])
            if pts is None or (pts < start and not (first is None and video.is_from_start)):
                continue
            if video.end_pts is not None and pts >= video.end_pts:
                return
            seekable = video.is_seekable and is_stored and times.is_monotonic
            duration = decoded.duration if video.end_pts is None else min(decoded.duration, video.end_pts - pts)
            yield _Decoded(decoded, pts, index, seekable, duration)
            index += 1


def _timed_frames(video: VideoInfo, start: int, *, preroll: bool) -> Generator[tuple[VideoFrame, int | None, bool]]:
    """Yield (frame, tick at which it is shown, whether the file stores it) from about `start`."""
    guesser = TimestampGuesser()
    begin = start - round(PREROLL_SECONDS / video.time_base) if preroll else start
    with closing(decode_frames_from(video, begin)) as stored:
        frames: Iterator[VideoFrame] = stored
        if video.deinterlacing:
            frames = deinterlace(stored, video.time_base, video.deinterlacing)
        for decoded in frames:
            if preroll and decoded.pts is not None and decoded.pts < start:
                continue  # the first frames after a seek may lack their reference frames, and their times mean nothing
            yield decoded, guesser.guess(decoded.pts, decoded.dts), guesser.is_monotonic
