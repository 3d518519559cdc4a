"""What a container says of a stream, in the project's own words and exact numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.stream import Discard

from streamstyle.errors import FilmError
from streamstyle.media.colour import Orientation
from streamstyle.media.reader import demux, is_cover
from streamstyle.settings import MAX_SIDE, MIN_SIDE, SourceSettings
from streamstyle.video_info import StreamInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream


def time_base(stream: Any) -> Fraction:
    """Return the seconds in a tick of any stream's times."""
    return Fraction(stream.time_base or 0) or Fraction(1, 1000)


def frame_rate(stream: VideoStream) -> Fraction | None:
    """Return the frames in a second, or None where the container does not say.

    The mean rate is off where the last frame's length is; the rate on which all times fit is exact, and wrong for
    variable rates. So the exact one where both agree to a hundredth, and else the mean.
    """
    mean, exact = Fraction(stream.average_rate or 0), Fraction(stream.base_rate or 0)
    if mean and exact and abs(exact / mean - 1) < Fraction(1, 100):
        return exact
    return mean or exact or None


def stream_info(stream: Any) -> StreamInfo:
    """Return the record of a stream of an open container."""
    kind = "attachment" if is_cover(stream) else stream.type
    return StreamInfo(
        stream.index, kind, _codec_name(stream), _printable(stream.language), _printable(stream.metadata.get("title"))
    )


def _codec_name(stream: Any) -> str:
    if stream.codec_context is None:  # FFmpeg has no decoder; what it cannot even name has no such attribute
        return getattr(stream, "name", None) or "unknown"
    name: str = stream.codec_context.codec.canonical_name
    return name


def _printable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class FrameSize:
    """A picture's size in pixels, and the shape of a pixel."""

    width: int
    height: int
    sample_aspect_ratio: Fraction
    """Width of a pixel over its height."""

    def turned(self, orientation: Orientation) -> FrameSize:
        """Return the shape of the picture once it stands upright."""
        if orientation.upright_size(1, 2) == (1, 2):
            return self
        return FrameSize(self.height, self.width, 1 / self.sample_aspect_ratio)


def working_size(source: FrameSize, settings: SourceSettings, path: Path) -> FrameSize:
    """Return the shape to work in, for an upright `source`.

    4:2:0 video has even sides, so odd ones become even. The picture's shape on the screen stays: where `--size` asks
    for another, the pixels are stretched; what is only rounding leaves them as they are.
    """
    width, height = _requested(source, settings)
    aspect = source.sample_aspect_ratio
    if settings.size is not None:
        aspect = _pixel_aspect(source, width, height)
    if not MIN_SIDE <= min(width, height) <= max(width, height) <= MAX_SIDE:
        raise FilmError(
            f"{path} would be worked on at {width}x{height}, and each side has to lie between "
            f"{MIN_SIDE} and {MAX_SIDE} pixels",
            "Give a size with --height or --size.",
        )
    return FrameSize(width, height, aspect)


def _requested(source: FrameSize, settings: SourceSettings) -> tuple[int, int]:
    if settings.size is not None:
        return nearest_even(settings.size[0]), nearest_even(settings.size[1])
    if settings.height is not None:
        height = nearest_even(settings.height)
        return nearest_even(Fraction(height * source.width, source.height)), height
    return source.width & ~1, source.height & ~1


def _pixel_aspect(source: FrameSize, width: int, height: int) -> Fraction:
    only_rounded = abs(Fraction(height * source.width, source.height) - width) <= 1
    if only_rounded:
        return source.sample_aspect_ratio
    exact = source.sample_aspect_ratio * Fraction(source.width * height, source.height * width)
    return exact.limit_denominator(1 << 14)


def nearest_even(side: Fraction | int) -> int:
    """Round to an even number, at least 2; halves go down: a line less, rather than one made up."""
    return max(2, 2 * -int(-(Fraction(side) - 1) // 2))


@dataclass(frozen=True, slots=True)
class VideoRange:
    """A stretch of a film, in ticks of its video."""

    frames: int
    start_pts: int
    end_pts: int | None
    """First tick after it; None for the end of the film."""
    duration: float
    """Seconds."""


def count_range(container: InputContainer, stream: VideoStream, path: Path, settings: SourceSettings) -> VideoRange:
    """Return the part between `settings.start` and `settings.end`, which count from the film's beginning.

    Reads through the container, which is at its beginning. FilmError where no frame lies between them.
    """
    tick, rate = time_base(stream), frame_rate(stream) or Fraction(25)
    begins = Fraction(container.start_time, av.time_base) if container.start_time is not None else None
    step = max(1, round(1 / rate / tick))
    ticks = sorted(set(_packet_times(container, stream, step)))
    zero = ticks[0] if begins is None else ceil(begins / tick - Fraction(1, 2))
    start = zero + _seconds_to_ticks(settings.start or 0, tick) if settings.start else ticks[0]
    end = zero + _seconds_to_ticks(settings.end, tick) if settings.end is not None else ticks[-1] + 1
    inside = [each for each in ticks if start <= each < end]
    if not inside:
        raise empty_range_error(path, settings, float((ticks[-1] - ticks[0] + step) * tick))
    whole_end = end > ticks[-1]
    until = inside[-1] + step if whole_end else min(end, inside[-1] + step)
    return VideoRange(len(inside), inside[0], None if whole_end else end, float((until - inside[0]) * tick))


def range_from_header(
    container: InputContainer, stream: VideoStream, path: Path, settings: SourceSettings
) -> VideoRange:
    """Return the whole film by what its container says, or as `part_of` does where it does not say how long it is."""
    tick, rate = time_base(stream), frame_rate(stream)
    length = stream.duration * tick if stream.duration else Fraction(container.duration or 0, av.time_base)
    if not length or not rate:
        return count_range(container, stream, path, settings)
    return VideoRange(stream.frames or max(1, round(length * rate)), stream.start_time or 0, None, float(length))


def _packet_times(container: InputContainer, stream: VideoStream, step: int) -> Iterator[int]:
    """Yield when each packet is shown; raw streams do not say, so theirs come a `step` apart."""
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    count = 0
    for packet in demux(container, stream):
        if packet.size and not packet.is_discard:  # what an edit list leaves out is decoded but never shown
            tick = packet.dts if packet.pts is None else packet.pts
            yield count * step if tick is None else tick
            count += 1


def _seconds_to_ticks(seconds: float, tick: Fraction) -> int:
    exact = Fraction(seconds).limit_denominator(1_000_000)  # 1.04 as it was typed, not as a float holds it
    return ceil(exact / tick)


def empty_range_error(path: Path, settings: SourceSettings, length: float) -> FilmError:
    """Return the error that says that a part of a film asked for, which is so many seconds long, is not in it."""
    asked = f"{settings.start or 0:g}-{'' if settings.end is None else format(settings.end, 'g')} s"
    return FilmError(
        f"The range {asked} holds no frame of {path}, which is {length:.3f} s long", "Give a range inside the film."
    )
