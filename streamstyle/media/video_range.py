"""The part of a video that is processed: its frames, times and packets, by reading the times of all packets once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
from av.format import Flags
from av.stream import Discard

from streamstyle.errors import VideoError
from streamstyle.media.decoder import decode_frames
from streamstyle.media.file_clock import NO_TIME, PacketTimes, find_joins
from streamstyle.media.frame_times import StorageOrder
from streamstyle.media.image_sequence import find_images, sequence_range
from streamstyle.media.reader import demux, is_cover, open_video
from streamstyle.settings import SourceSettings
from streamstyle.video_info import ClockJoin, Shortfall

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_STORAGE_ORDER_FORMATS = ("avi",)
"""Containers that state only in which order frames are stored; display times that FFmpeg has for them are a guess."""

_TIMED_KINDS = ("video", "audio", "subtitle")

_MIN_SHORTFALL, _MIN_SHORTFALL_SHARE = 1.0, 0.02
"""Seconds and share of the stated length; less is rounding, or a stream that ends a little earlier."""

_REORDER_TRIAL = 100
"""Frames that are decoded to find out whether a file without display times has frames that are stored out of order."""


@dataclass(frozen=True, slots=True)
class VideoRange:
    """The part of a video that is processed; times are in ticks of its video stream, on the one clock of the file."""

    frames: int | None
    start_pts: int
    end_pts: int | None
    """First tick after it; None for the end of the video."""
    duration: float | None
    """Seconds."""
    joins: tuple[ClockJoin, ...] = ()
    stores_pts: bool = True
    packets: Mapping[int, int] = field(default_factory=dict)
    """Packets in it by stream, other than the video."""
    shortfall: Shortfall | None = None
    origin_pts: int = 0
    """Tick that times asked for are counted from."""


def count_range(container: InputContainer, stream: VideoStream, path: Path, settings: SourceSettings) -> VideoRange:
    """Return the part from `settings.start` to `settings.end`, which count from the start of the video.

    Reads all packets of the container, which is at its beginning. VideoError where the part has no frame.
    """
    tick, rate = time_base(stream), frame_rate(stream) or Fraction(25)
    container_start = Fraction(container.start_time, av.time_base) if container.start_time is not None else None
    step = max(1, round(1 / rate / tick))
    packets = read_packet_times(container)
    video = packets[stream.index]
    allows_joins = bool(container.format.flags & cast("int", Flags.ts_discont.value))
    witnesses = [each for index, each in packets.items() if container.streams[index].type != "subtitle"]
    joins = find_joins(witnesses, video, discontinuous=allows_joins)
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
    end_pts = None if reaches_end else end
    bounds = (inside[0] * tick if settings.start else None, None if end_pts is None else end_pts * tick)
    return VideoRange(
        len(inside),
        inside[0],
        end_pts,
        float((last_end - inside[0]) * tick),
        joins,
        stores_pts,
        {index: each.count(joins, *bounds) for index, each in packets.items()},
        _shortfall(container, stream, packets.values(), joins) if reaches_end and not allows_joins else None,
        zero,
    )


def _shortfall(
    container: InputContainer, stream: VideoStream, packets: Iterable[PacketTimes], joins: Sequence[ClockJoin]
) -> Shortfall | None:
    """Return the stated and the held length where much is missing at the end; None elsewhere."""
    stated, start = float((container.duration or 0) / av.time_base), float((container.start_time or 0) / av.time_base)
    if container.format.name in _STORAGE_ORDER_FORMATS:  # FFmpeg reduces the duration to that which the file can hold
        stated = max(stated, float(stream.frames * time_base(stream)))
    end = max((each.end(joins) for each in packets), default=0.0)
    if stated - max(end, end - start) < max(_MIN_SHORTFALL, _MIN_SHORTFALL_SHARE * stated):
        return None
    return Shortfall(stated, max(0.0, end - start))


def _frame_times(video: PacketTimes, joins: Sequence[ClockJoin], step: int, *, stores_pts: bool) -> list[int]:
    """Return the display times of the frames in order; raw streams have none, so theirs are `step` apart."""
    times = (video.shifted(joins) if stores_pts else video.stored()).tolist()
    return sorted({index * step if time == NO_TIME else time for index, time in enumerate(times)})


def range_from_header(
    container: InputContainer, stream: VideoStream, path: Path, settings: SourceSettings
) -> VideoRange:
    """Return the whole video as its container states it, or as `count_range` does where it states no duration."""
    tick, rate = time_base(stream), frame_rate(stream)
    duration = stream.duration * tick if stream.duration else Fraction(container.duration or 0, av.time_base)
    if not duration or not rate:
        return count_range(container, stream, path, settings)
    start = stream.start_time or 0
    return VideoRange(stream.frames or max(1, round(duration * rate)), start, None, float(duration), origin_pts=start)


def range_of_sequence(path: Path, settings: SourceSettings) -> VideoRange:
    """Return the part of an image sequence; its ticks are frames. VideoError where the part has no frame."""
    rate = settings.sequence_rate
    images = sequence_range(path, settings, rate)
    if not images:
        raise empty_range_error(path, settings, float(len(find_images(path)) / rate))
    end = None if settings.end is None else images.stop
    return VideoRange(len(images), images.start, end, float(len(images) / rate))


def range_of_pipe(stream: VideoStream, settings: SourceSettings) -> VideoRange:
    """Return the part of a film that is piped; how many frames it has, nobody knows before its end."""
    tick, zero = time_base(stream), stream.start_time or 0
    start = zero + (_seconds_to_ticks(settings.start, tick) if settings.start else 0)
    end = None if settings.end is None else zero + _seconds_to_ticks(settings.end, tick)
    return VideoRange(None, start, end, None, origin_pts=zero)


def read_packet_times(container: InputContainer) -> dict[int, PacketTimes]:
    """Return the times of sound, picture and subtitles by stream; packets that an edit list hides are left out."""
    streams = [each for each in container.streams if each.type in _TIMED_KINDS and not is_cover(each)]
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


def time_base(stream: VideoStream) -> Fraction:
    """Return the seconds of one tick."""
    return Fraction(stream.time_base or 0) or Fraction(1, 1000)


def frame_rate(stream: VideoStream) -> Fraction | None:
    """Return the frames per second; None where the container does not state them.

    FFmpeg's average rate is off where the last frame's duration is; its base rate, on which all times fit, is exact,
    and wrong for variable frame rates. So the base rate where both agree to a hundredth, and else the average.
    """
    average, base = Fraction(stream.average_rate or 0), Fraction(stream.base_rate or 0)
    if average and base and abs(base / average - 1) < Fraction(1, 100):
        return base
    return average or base or None
