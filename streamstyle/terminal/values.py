"""Values as people type them, and as people read them."""

from __future__ import annotations

import math
import re

import click

_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_TIME = re.compile(r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>\d+(?:\.\d*)?)s?")


def parse_time(text: str) -> float:
    """Return seconds for `12.5`, `12.5s`, `3:04` or `1:02:03.5`; raises ValueError for anything else."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hours, minutes, seconds = (float(match[part] or 0) for part in ("hours", "minutes", "seconds"))
    if (match["minutes"] is not None and seconds >= 60) or (match["hours"] is not None and minutes >= 60):
        raise ValueError(text)
    return 3600 * hours + 60 * minutes + seconds


def size(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels for `640x360`; raises click.BadParameter for anything else."""
    match = re.fullmatch(r"(\d+)[xX](\d+)", text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no size. Give width and height in pixels, such as 640x360.")
    return int(match[1]), int(match[2])


def numbers(text: str | tuple[int, ...]) -> tuple[int, ...]:
    """Return whole numbers for `1,2,4` or `1+2+4`, and a default as it is; raises click.BadParameter for others."""
    if isinstance(text, tuple):
        return text
    try:
        return tuple(int(part) for part in re.split("[,+]", text))
    except ValueError:
        raise click.BadParameter(f"{text!r} are no whole numbers. Give some such as 1,2,4.") from None


def seconds(text: str) -> float:
    """Return seconds for `10s` or `1:30`; raises click.BadParameter for anything else."""
    try:
        return parse_time(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time. Give seconds or [HH:]MM:SS, such as 10s or 1:30.") from None


def span(text: str) -> tuple[float | None, float | None]:
    """Return (start, end) in seconds for `A-B`, with None for an end left open; raises click.BadParameter."""
    start, dash, end = (part.strip() for part in text.partition("-"))
    try:
        if not dash or not (start or end):
            raise ValueError(text)
        return (parse_time(start) if start else None), (parse_time(end) if end else None)
    except ValueError:
        advice = "Give A-B, such as 10-20 or 1:02:03-1:02:13.5."
        raise click.BadParameter(f"{text!r} is no part of a film. {advice}") from None


def one_line(text: str) -> str:
    """Return a name or a message without what would begin a line, move a cursor or turn text around."""
    return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text)


def clock(seconds: float) -> str:
    """Return a length of time as a clock shows it: `0:07`, `4:12`, `1:02:03`."""
    whole = math.ceil(max(0.0, seconds) - 0.5)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def bytes_in_words(count: float) -> str:
    """Return a size in decimal units: `830 kB`, `4.2 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"


def pace(frames: float, seconds: float) -> str:
    """Return a speed: `12 fps`, and `2.1 s/frame` below one frame a second."""
    if frames <= 0 or seconds <= 0:
        return ""
    rate = frames / seconds
    if rate < 1:
        return f"{1 / rate:.1f} s/frame"
    return f"{rate:.0f} fps" if rate >= 10 else f"{rate:.1f} fps"
