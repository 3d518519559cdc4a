"""Times, sizes, speeds and numbers as text, times read from text, and unknown text made safe for a terminal."""

from __future__ import annotations

import math
import re
import time

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_TIME = re.compile(r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>\d+(?:\.\d*)?)s?")
_TIME_IN_WORDS = re.compile(r"(?=\d)(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+(?:\.\d*)?)s)?")


def sanitise(text: str) -> str:
    """Return text with line breaks, control characters and marks of the direction of writing replaced by U+FFFD."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def format_duration(seconds: float) -> str:
    """Return a duration as [H:]M:SS: `0:07`, `4:12`, `1:02:03`."""
    whole = math.ceil(max(0.0, seconds) - 0.5)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def parse_time(text: str) -> float:
    """Return seconds for `12.5`, `12.5s`, `3:04`, `1:02:03.5`, `5m` or `1h30m`. Raises ValueError for anything else."""
    match = _TIME.fullmatch(text.strip())
    if match is None and (words := _TIME_IN_WORDS.fullmatch(text.strip())):
        return sum(
            factor * float(words[part] or 0) for part, factor in (("hours", 3600), ("minutes", 60), ("seconds", 1))
        )
    if match is None:
        raise ValueError(text)
    hours, minutes, seconds = (float(match[part] or 0) for part in ("hours", "minutes", "seconds"))
    if (match["minutes"] is not None and seconds >= 60) or (match["hours"] is not None and minutes >= 60):
        raise ValueError(text)
    return 3600 * hours + 60 * minutes + seconds


def format_timestamp(seconds: float) -> str:
    """Return a time in a film to the millisecond, as [H:]MM:SS.mmm: `0:04.125`, `1:02:03.500`."""
    minutes, milliseconds = divmod(round(1000 * seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    rest = f"{milliseconds // 1000:02}.{milliseconds % 1000:03}"
    return f"{hours}:{minutes:02}:{rest}" if hours else f"{minutes}:{rest}"


def format_time_span(seconds: float) -> str:
    """Return the time that something takes: as `format_duration` below two days, `18 d 6 h` above."""
    return format_duration(seconds) if seconds < 2 * 86400 else format_rough_duration(seconds)


def format_rough_duration(seconds: float) -> str:
    """Return an estimated duration to two units: `48 s`, `12 min`, `3 h 10 min`, `2 d 4 h`."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 10:
        whole, rest = divmod(round(seconds / 10) * 10, 60)
        return f"{whole} min {rest} s" if rest else f"{whole} min"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(round(minutes / 60), 24)
    return f"{days} d {rest} h" if rest else f"{days} d"


def format_time_of_day(seconds: float, now: float) -> str:
    """Return the local time `seconds` after `now` (since the epoch): `15:10`, `Wed 02:00`, `Thu 24 Dec 12:00`."""
    then = time.localtime(now + seconds)
    clock = time.strftime("%H:%M", then)
    if then[:3] == time.localtime(now)[:3]:
        return clock
    return time.strftime("%a %H:%M" if seconds < 86400 else "%a %d %b %H:%M", then)


def format_seconds(seconds: float) -> str:
    """Return a duration in `0.82 s`, or in `12 ms` below a tenth of a second."""
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.0f} ms"


def format_speed(frames: float, seconds: float) -> str:
    """Return a speed: `12 fps`, or `2.1 s/frame` below one frame per second; empty if either value is 0."""
    if frames <= 0 or seconds <= 0:
        return ""
    fps = frames / seconds
    if fps < 1:
        return f"{1 / fps:.1f} s/frame"
    return f"{fps:.0f} fps" if fps >= 10 else f"{fps:.1f} fps"


def format_bytes(count: float) -> str:
    """Return a size in decimal units: `830 kB`, `4.2 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"


def format_number(value: float | None) -> str:
    """Return a number with three significant digits; `-` for None and for what is not finite."""
    if value is None or not math.isfinite(value):
        return "-"
    if value and abs(value) < 0.001:
        return f"{value:.2e}".replace("e-0", "e-")
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}".replace(",", " ")
