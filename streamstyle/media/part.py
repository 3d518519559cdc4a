"""Which frames of a film are processed, and how many they are, by counting packets without decoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.stream import Discard

from streamstyle.errors import FilmError
from streamstyle.media.decoding import demux
from streamstyle.media.facts import frame_rate, time_base
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream


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
