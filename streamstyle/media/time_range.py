"""The processed part of a video, and where packets and chapters lie in it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
from av.format import Flags

from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.container.core import Chapter
    from av.packet import Packet


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The processed part of a video; times are seconds as in the source."""

    origin: Fraction
    """Subtracted from every time in the output; 0 for a whole video, whose times stay as they are."""
    start: Fraction | None
    """What is before this is left out; None if nothing is."""
    end: Fraction | None
    """What is at this time or later is left out; None if nothing is."""

    def contains(self, time: Fraction) -> bool:
        """Whether a time is inside."""
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    def clip(self, start: Fraction, end: Fraction) -> tuple[Fraction, Fraction]:
        """Return the part of an interval that is inside; its start is after its end if there is none."""
        return (
            start if self.start is None else max(start, self.start),
            end if self.end is None else min(end, self.end),
        )


def time_range(video: VideoInfo, container: InputContainer) -> TimeRange:
    """Return the time range of the processed part; `container` is the video, opened."""
    end = None if video.end_pts is None else video.end_pts * video.time_base
    if not video.is_from_start:
        start = video.start_pts * video.time_base
        return TimeRange(start, start, end)
    starts_anywhere = container.format.flags & cast("int", Flags.ts_discont.value)
    if starts_anywhere:  # the clock of a broadcast, often at hours
        earliest = Fraction(container.start_time or 0, av.time_base)
        return TimeRange(earliest // video.time_base * video.time_base, None, end)
    return TimeRange(Fraction(0), None, end)


def cut_chapters(chapters: list[Chapter], part: TimeRange) -> list[Chapter]:
    """Return the chapters that overlap the part, or are a moment in it, cut to it, with their times in the output."""
    cut = []
    for chapter in chapters:
        tick = chapter["time_base"] or Fraction(1, av.time_base)
        first, last = part.clip(chapter["start"] * tick, chapter["end"] * tick)
        if first < last or (first == last and chapter["start"] == chapter["end"] and part.contains(first)):
            start, end = round((first - part.origin) / tick), round((last - part.origin) / tick)
            cut.append(cast("Chapter", {**chapter, "start": start, "end": end}))
    return cut


def decode_time(packet: Packet[Any]) -> Fraction | None:
    """Return the decode time in seconds, else the display time; None if the packet has neither."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None else ticks * packet.time_base


def display_time(packet: Packet[Any]) -> Fraction | None:
    """Return the display time in seconds, else the decode time; None if the packet has neither."""
    ticks = packet.dts if packet.pts is None else packet.pts
    return None if ticks is None else ticks * packet.time_base
