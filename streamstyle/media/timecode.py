"""SMPTE timecodes, `hours:minutes:seconds:frames`, as cameras write them into a tag and a track of a MOV file."""

from __future__ import annotations

import re
from fractions import Fraction

TAG = "timecode"

_TIMECODE = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;.])(\d{2,3})")
_DROP_SEPARATORS = ";."


def with_timecode_after(
    tags: dict[str, str],
    seconds: Fraction,  # from the frame that the tag is of
    frame_rate: Fraction | None,
) -> dict[str, str]:
    """Return the tags with the timecode, if there is one, of a later frame; without it if it cannot be computed."""
    name = next((name for name in tags if name.lower() == TAG), None)
    if name is None or not seconds:
        return tags
    later = _timecode_after(tags[name], seconds, frame_rate) if frame_rate else None
    return {key: value for key, value in tags.items() if key != name} | ({name: later} if later else {})


def _timecode_after(timecode: str, seconds: Fraction, frame_rate: Fraction) -> str | None:
    match = _TIMECODE.fullmatch(timecode.strip())
    if match is None:
        return None
    hours, minutes, whole_seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    nominal, drops = round(frame_rate), match[4] in _DROP_SEPARATORS
    minute = 60 * hours + minutes
    dropped = _dropped_per_minute(nominal) * (minute - minute // 10) if drops else 0
    count = (60 * minute + whole_seconds) * nominal + frames - dropped + round(seconds * frame_rate)
    if drops:
        count = _with_dropped_numbers(count, nominal)
    whole_seconds, frames = divmod(count, nominal)
    minute, whole_seconds = divmod(whole_seconds, 60)
    return f"{minute // 60 % 24:02}:{minute % 60:02}:{whole_seconds:02}{match[4]}{frames:02}"


def _with_dropped_numbers(count: int, nominal: int) -> int:
    """Return the number of a frame, counted from 0, where each minute but the tenth skips its first numbers."""
    dropped = _dropped_per_minute(nominal)
    minute = 60 * nominal - dropped
    tens, rest = divmod(count, 10 * minute + dropped)
    skipped_minutes = max(0, rest - dropped) // minute
    return count + dropped * (9 * tens + skipped_minutes)


def _dropped_per_minute(nominal: int) -> int:
    """Return how many numbers are skipped: 2 at 29.97 frames per second, 4 at 59.94 (SMPTE ST 12-1)."""
    return nominal // 15
