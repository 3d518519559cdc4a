"""Values of options: times, ranges, sizes and lists of numbers."""

from __future__ import annotations

import re

import click

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


def parse_size(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels for `640x360`; raises click.BadParameter for anything else."""
    match = re.fullmatch(r"(\d+)[xX](\d+)", text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no size. Give width and height in pixels, such as 640x360.")
    return int(match[1]), int(match[2])


def parse_numbers(text: str | tuple[int, ...]) -> tuple[int, ...]:
    """Return whole numbers for `1,2,4` or `1+2+4`, and a default as it is; raises click.BadParameter for others."""
    if isinstance(text, tuple):
        return text
    try:
        return tuple(int(part) for part in re.split("[,+]", text))
    except ValueError:
        raise click.BadParameter(f"{text!r} are no whole numbers. Give some such as 1,2,4.") from None


def parse_seconds(text: str) -> float:
    """Return seconds for `10s` or `1:30`; raises click.BadParameter for anything else."""
    try:
        return parse_time(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time. Give seconds or [HH:]MM:SS, such as 10s or 1:30.") from None


def parse_range(text: str) -> tuple[float | None, float | None]:
    """Return (start, end) in seconds for `A-B`, with None for an end left open; raises click.BadParameter."""
    start, dash, end = (part.strip() for part in text.partition("-"))
    try:
        if not dash or not (start or end):
            raise ValueError(text)
        return (parse_time(start) if start else None), (parse_time(end) if end else None)
    except ValueError:
        advice = "Give A-B, such as 10-20 or 1:02:03-1:02:13.5."
        raise click.BadParameter(f"{text!r} is no part of a film. {advice}") from None
