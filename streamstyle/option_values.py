"""Conversion of typed text to values of settings, for the options of the CLI and the fields of the TUI."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import click

from streamstyle.formatting import parse_time
from streamstyle.styles.keyframes import Keyframe

SIZE = tuple[int, int]
"""Type of a width and a height in pixels."""

NUMBERS = tuple[int, ...]
"""Type of a list of whole numbers."""

_NTSC_RATES = {round(rate / 1.001, 2): Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60, 120)}
"""Exact rates by what is typed of them."""

S = TypeVar("S")


def parse_size(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels for `640x360`. Raises click.BadParameter for anything else."""
    match = re.fullmatch(r"(\d+)[xX](\d+)", text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is not a size. Give width and height in pixels, such as 640x360.")
    return int(match[1]), int(match[2])


def parse_numbers(text: str | tuple[int, ...]) -> tuple[int, ...]:
    """Return whole numbers for `1,2,4` or `1+2+4`; a default passes unchanged. Raises click.BadParameter for others."""
    if isinstance(text, tuple):
        return text
    try:
        return tuple(int(part) for part in re.split("[,+]", text))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of whole numbers. Give one such as 1,2,4.") from None


def parse_frame_rate(text: str) -> Fraction:
    """Return frames per second for `24`, `24000/1001` or `23.976`, which is the same. Raises click.BadParameter."""
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{text!r} is not a frame rate. Give one such as 24, 23.976 or 30000/1001.") from None
    return _NTSC_RATES.get(round(float(rate), 2), rate)


def parse_seconds(text: str) -> float:
    """Return seconds for `10s` or `1:30`. Raises click.BadParameter for anything else."""
    try:
        return parse_time(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time. Give a time such as 10s, 5m or 1:30.") from None


def parse_keyframe(text: str) -> Keyframe:
    """Return the key frame for `0:12.5=painted.png`. Raises click.BadParameter for anything else."""
    time, _, painting = text.partition("=")
    try:
        if not painting:
            raise ValueError(text)
        return Keyframe(parse_time(time), Path(painting))
    except ValueError:
        advice = "Give the time of a frame and the painting of it, such as 0:12.5=painted.png."
        raise click.BadParameter(f"{text!r} is not a key frame. {advice}") from None


def parse_range(text: str) -> tuple[float | None, float | None]:
    """Return (start, end) in seconds for `A-B`, with None for an omitted one. Raises click.BadParameter."""
    start, dash, end = (part.strip() for part in text.partition("-"))
    try:
        if not dash or not (start or end):
            raise ValueError(text)
        return (parse_time(start) if start else None), (parse_time(end) if end else None)
    except ValueError:
        advice = "Give A-B, such as 10-20 or 1:02:03-1:02:13.5."
        raise click.BadParameter(f"{text!r} is not a time range. {advice}") from None


_PARSERS: dict[Any, Callable[..., Any]] = {SIZE: parse_size, NUMBERS: parse_numbers, Fraction: parse_frame_rate}


def click_type(annotation: Any) -> Any:
    """Return the click type for the annotation of a settings field."""
    plain = plain_type(annotation)
    if _is_enum(plain):
        return click.Choice([str(choice) for choice in plain], case_sensitive=False)
    if plain is Path:
        return click.Path(path_type=Path)
    return _PARSERS.get(plain, plain)


def settings_from(settings: type[S], values: Mapping[str, Any], **more: Any) -> S:
    """Return the settings made from those values that are their fields. Raises SettingsError if one cannot work."""
    hints = get_type_hints(settings)
    given = {name: value for name, value in values.items() if name in hints}
    for name, value in given.items():
        if value is not None and _is_enum(hints[name]):
            given[name] = plain_type(hints[name])(value)
    return settings(**given, **more)


def plain_type(annotation: Any) -> Any:
    """Return `X` for the annotation `X | None`, and any other annotation unchanged."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(choice for choice in get_args(annotation) if choice is not type(None))
    return annotation


def _is_enum(annotation: Any) -> bool:
    plain = plain_type(annotation)
    return isinstance(plain, type) and issubclass(plain, StrEnum)
