"""Which part of the source goes into the output, and which of its moments becomes the output's zero."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
from av.format import Flags

from streamstyle.film import VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.container.core import Chapter


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Times are seconds of the source's own clock."""

    origin: Fraction
    """What is subtracted from every time. 0 for a whole film: its times stay as they are."""
    start: Fraction | None
    """What comes before this is left out; None where nothing is."""
    end: Fraction | None
    """What comes at this or later is left out; None where nothing is."""

    def contains(self, time: Fraction) -> bool:
        """Whether this moment is inside."""
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    def clip(self, start: Fraction, end: Fraction) -> tuple[Fraction, Fraction]:
        """Return what of the stretch is inside; the first is after the second where nothing is."""
        return (
            start if self.start is None else max(start, self.start),
            end if self.end is None else min(end, self.end),
        )


def time_range(film: VideoInfo, container: InputContainer) -> TimeRange:
    """Return the span of the processed part; `container` is the film, opened."""
    begins = container.streams[film.video_stream].start_time
    start = film.start_pts * film.time_base
    end = None if film.end_pts is None else film.end_pts * film.time_base
    if begins is not None and film.start_pts > begins:
        return TimeRange(start, start, end)
    if container.format.flags & cast("int", Flags.ts_discont.value):  # broadcast clocks start anywhere, often hours in
        earliest = Fraction(container.start_time or 0, av.time_base)
        return TimeRange(earliest // film.time_base * film.time_base, None, end)
    return TimeRange(Fraction(0), None, end)


def cut_chapters(chapters: list[Chapter], span: TimeRange) -> list[Chapter]:
    """Return the chapters that the span touches, cut to it and moved with it."""
    kept = []
    for chapter in chapters:
        tick = chapter["time_base"] or Fraction(1, av.time_base)
        first, last = span.clip(chapter["start"] * tick, chapter["end"] * tick)
        if first < last:
            moved = chapter.copy()
            moved["start"], moved["end"] = round((first - span.origin) / tick), round((last - span.origin) / tick)
            kept.append(moved)
    return kept
