"""What is known of a video before it is decoded: size, orientation, times, number of frames, streams.

All numbers are exact: times in ticks, rates and aspect ratios as fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.format import Flags
from av.stream import Discard

from streamstyle.errors import VideoError
from streamstyle.media.colour import Orientation, read_orientation
from streamstyle.media.cropping import read_cropping
from streamstyle.media.file_clock import NO_TIME, PacketTimes, find_joins
from streamstyle.media.frame_times import StorageOrder
from streamstyle.media.reader import decode_frames, demux, find_video_stream, is_cover, open_video
from streamstyle.settings import MAX_SIDE, MIN_SIDE, SourceSettings
from streamstyle.video_info import ClockJoin, Cropping, StreamInfo, VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    ReadRange = Callable[[InputContainer, VideoStream, Path, SourceSettings], "VideoRange"]

_STORAGE_ORDER_FORMATS = ("avi",)
"""Containers that state only in which order frames are stored; display times that FFmpeg has for them are a guess."""

_REORDER_TRIAL = 100
"""Frames that are decoded to find out whether a file without display times has frames that are stored out of order."""


def probe(path: Path, settings: SourceSettings) -> VideoInfo:
    """Return what is known of the video; the packets are counted, and only the first frame is decoded.

    VideoError when the file is not a video, cannot be decoded, has an unsupported size, or has no frame in the
    requested time range.
    """
    return _probe(path, settings, _count_range)


def probe_header(path: Path) -> VideoInfo:
    """Return what the container states, duration and number of frames included, without reading all packets.

    Where the container states no duration, the packets are counted. VideoError as of `probe`.
    """
    return _probe(path, SourceSettings(), _range_from_header)


def _probe(path: Path, settings: SourceSettings, read_range: ReadRange) -> VideoInfo:
    first, sample_aspect_ratio, cropping = _first_frame(path)
    orientation = read_orientation(first)
    width, height = cropping.cropped_size(first.width, first.height)
    source_size = FrameSize(width, height, sample_aspect_ratio)
    size = working_size(source_size.turned(orientation), settings, path)
    with open_video(path) as container:
        stream = find_video_stream(container, path)
        video_range = read_range(container, stream, path, settings)
        return VideoInfo(
            path=path,
            width=size.width,
            height=size.height,
            source_width=width,
            source_height=height,
            rotation=orientation.rotation,
            sample_aspect_ratio=size.sample_aspect_ratio,
            time_base=_time_base(stream),
            frame_rate=_frame_rate(stream),
            frames=video_range.frames,
            start_pts=video_range.start_pts,
            end_pts=video_range.end_pts,
            duration=video_range.duration,
            video_stream=stream.index,
            streams=tuple(_stream_info(each) for each in container.streams),
            is_from_start=not settings.start,
            joins=video_range.joins,
            stores_pts=video_range.stores_pts,
            cropping=cropping,
        )


def _first_frame(path: Path) -> tuple[VideoFrame, Fraction, Cropping]:
    """Return the first frame, and the sample aspect ratio and the cropping of its stream."""
    with open_video(path) as container:
        stream = find_video_stream(container, path)
        first = next(decode_frames(container, stream), None)
        if first is None:
            raise VideoError(f"{path} has no frame that can be decoded", "Copy or download it again.")
        return first, Fraction(stream.sample_aspect_ratio or 0) or Fraction(1), read_cropping(stream)


def _time_base(stream: VideoStream) -> Fraction:
    """Return the seconds of one tick."""
    return Fraction(stream.time_base or 0) or Fraction(1, 1000)


def _frame_rate(stream: VideoStream) -> Fraction | None:
    """Return the frames per second; None where the container does not state them.

    FFmpeg's average rate is off where the last frame's duration is; its base rate, on which all times fit, is exact,
    and wrong for variable frame rates. So the base rate where both agree to a hundredth, and else the average.
    """
    average, base = Fraction(stream.average_rate or 0), Fraction(stream.base_rate or 0)
    if average and base and abs(base / average - 1) < Fraction(1, 100):
        return base
    return average or base or None


def _stream_info(stream: Any) -> StreamInfo:
    kind = "attachment" if is_cover(stream) else stream.type
    language, title = _valid_unicode(stream.language), _valid_unicode(stream.metadata.get("title"))
    return StreamInfo(stream.index, kind, _codec_name(stream), language, title)


def _codec_name(stream: Any) -> str:
    if stream.codec_context is None:  # FFmpeg has no decoder; a codec unknown to FFmpeg has no `name` either
        return getattr(stream, "name", None) or "unknown"
    name: str = stream.codec_context.codec.canonical_name
    return name


def _valid_unicode(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class FrameSize:
    """A frame's size in pixels, and the shape of a pixel."""

    width: int
    height: int
    sample_aspect_ratio: Fraction
    """Width of a pixel over its height."""

    def turned(self, orientation: Orientation) -> FrameSize:
        """Return the size of the upright frame."""
        if orientation.upright_size(1, 2) == (1, 2):
            return self
        return FrameSize(self.height, self.width, 1 / self.sample_aspect_ratio)


def working_size(source: FrameSize, settings: SourceSettings, path: Path) -> FrameSize:
    """Return the size to work at, for an upright `source`. VideoError where a side is too small or too large.

    4:2:0 video has even sides, so odd ones become even. The display aspect ratio is kept: where `--size` asks for
    another, the pixels are stretched; a difference that is only rounding does not change them.
    """
    width, height = _requested_size(source, settings)
    if not MIN_SIDE <= min(width, height) <= max(width, height) <= MAX_SIDE:
        raise VideoError(
            f"{path} would be worked on at {width}x{height}, and each side has to lie between "
            f"{MIN_SIDE} and {MAX_SIDE} pixels",
            "Give a size with --height or --size.",
        )
    keeps_pixels = settings.size is None
    return FrameSize(
        width, height, source.sample_aspect_ratio if keeps_pixels else _stretched_pixel(source, width, height)
    )


def _requested_size(source: FrameSize, settings: SourceSettings) -> tuple[int, int]:
    if settings.size is not None:
        return _nearest_even(settings.size[0]), _nearest_even(settings.size[1])
    if settings.height is not None:
        height = _nearest_even(settings.height)
        return _nearest_even(Fraction(height * source.width, source.height)), height
    return source.width & ~1, source.height & ~1


def _nearest_even(side: Fraction | int) -> int:
    """Round to an even number, at least 2; a tie goes down: rather a line less than one that is not in the source."""
    return max(2, 2 * -int(-(Fraction(side) - 1) // 2))


def _stretched_pixel(source: FrameSize, width: int, height: int) -> Fraction:
    """Return the sample aspect ratio that keeps the display aspect ratio at another size."""
    only_rounded = abs(Fraction(height * source.width, source.height) - width) <= 1
    if only_rounded:
        return source.sample_aspect_ratio
    exact = source.sample_aspect_ratio * Fraction(source.width * height, source.height * width)
    return exact.limit_denominator(1 << 14)


@dataclass(frozen=True, slots=True)
class VideoRange:
    """The part of a video that is processed; times are in ticks of its video stream, on the one clock of the file."""

    frames: int
    start_pts: int
    end_pts: int | None
    """First tick after it; None for the end of the video."""
    duration: float
    """Seconds."""
    joins: tuple[ClockJoin, ...] = ()
    stores_pts: bool = True


def _count_range(container: InputContainer, stream: VideoStream, path: Path, settings: SourceSettings) -> VideoRange:
    """Return the part from `settings.start` to `settings.end`, which count from the start of the video.

    Reads all packets of the container, which is at its beginning. VideoError where the part has no frame.
    """
    tick, rate = _time_base(stream), _frame_rate(stream) or Fraction(25)
    container_start = Fraction(container.start_time, av.time_base) if container.start_time is not None else None
    step = max(1, round(1 / rate / tick))
    packets = read_packet_times(container)
    video = packets[stream.index]
    allows_joins = bool(container.format.flags & cast("int", Flags.ts_discont.value))
    joins = find_joins(list(packets.values()), video, discontinuous=allows_joins)
    stores_pts = not stream.codec_context.has_b_frames or not (
        container.format.name in _STORAGE_ORDER_FORMATS
        or (video.could_be_storage_order() and _reorders(path, stream.index))
    )
    times = _frame_times(video, joins, step, stores_pts=stores_pts)
    zero = times[0] if container_start is None else ceil(container_start / tick - Fraction(1, 2))
    start = zero + _seconds_to_ticks(settings.start, tick) if settings.start else times[0]
    end = zero + _seconds_to_ticks(settings.end, tick) if settings.end is not None else times[-1] + 1
    inside = [time for time in times if start <= time < end]
    if not inside:
        raise empty_range_error(path, settings, float((times[-1] - times[0] + step) * tick))
    reaches_end = end > times[-1]
    last_end = inside[-1] + step if reaches_end else min(end, inside[-1] + step)
    duration = float((last_end - inside[0]) * tick)
    return VideoRange(len(inside), inside[0], None if reaches_end else end, duration, joins, stores_pts)


def _frame_times(video: PacketTimes, joins: Sequence[ClockJoin], step: int, *, stores_pts: bool) -> list[int]:
    """Return the display times of the frames in order; raw streams have none, so theirs are `step` apart."""
    times = (video.shifted(joins) if stores_pts else video.stored()).tolist()
    return sorted({index * step if time == NO_TIME else time for index, time in enumerate(times)})


def _range_from_header(
    container: InputContainer, stream: VideoStream, path: Path, settings: SourceSettings
) -> VideoRange:
    """Return the whole video as its container states it, or as `_count_range` does where it states no duration."""
    tick, rate = _time_base(stream), _frame_rate(stream)
    duration = stream.duration * tick if stream.duration else Fraction(container.duration or 0, av.time_base)
    if not duration or not rate:
        return _count_range(container, stream, path, settings)
    return VideoRange(stream.frames or max(1, round(duration * rate)), stream.start_time or 0, None, float(duration))


def read_packet_times(container: InputContainer) -> dict[int, PacketTimes]:
    """Return the times of all packets of sound and picture by their stream; what an edit list hides is left out."""
    streams = [each for each in container.streams if each.type in ("video", "audio") and not is_cover(each)]
    times = {stream.index: PacketTimes(Fraction(stream.time_base or Fraction(1, 1000))) for stream in streams}
    for other in container.streams:
        if other.index not in times:
            other.discard = Discard.all
    for packet in demux(container, *streams):
        if packet.size and not packet.is_discard:
            times[packet.stream_index].add(packet)
    return times


def _reorders(path: Path, stream_index: int) -> bool:
    """Whether the decoder yields the first frames in another order than they are stored in."""
    order = StorageOrder()
    with open_video(path) as container:
        stream = cast("VideoStream", container.streams[stream_index])
        for _ in islice(decode_frames(container, stream, order=order), _REORDER_TRIAL):
            pass
    return not order.is_display_order


def _seconds_to_ticks(seconds: float, tick: Fraction) -> int:
    exact = Fraction(seconds).limit_denominator(1_000_000)  # 1.04 as it was typed, not as a float holds it
    return ceil(exact / tick)


def empty_range_error(path: Path, settings: SourceSettings, duration: float) -> VideoError:
    """Return the error for a requested time range with no frame of the video, which lasts `duration` seconds."""
    requested = f"{settings.start or 0:g}-{'' if settings.end is None else format(settings.end, 'g')} s"
    return VideoError(
        f"the range {requested} holds no frame of {path}, which is {duration:.3f} s long",
        "Give a range inside the film.",
    )
