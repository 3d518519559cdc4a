"""The text after `--style`: one style, an image, or a blend of several with weights."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from streamstyle.errors import StyleError
from streamstyle.files import IMAGE_SUFFIXES
from streamstyle.styles.library import find_style, unknown_style_error

_WEIGHTED = re.compile(r"(?P<style>.+):(?P<weight>[0-9]*\.?[0-9]+)")


def parse_style(text: str) -> StyleBlend:
    """Return the style or the blend that a text such as `wave` or `wave:0.6,my.jpg:0.4` names.

    Weights are relative; the default is 1. Raises StyleError where there is no such style.
    """
    parts = [text] if _names_one(text) else [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise unknown_style_error(text)
    named = [_parse_part(part) for part in parts]
    if not sum(part.weight for _, part in named):
        raise StyleError(f"the weights of {text} are all 0", "Give one of the styles a weight above 0.")
    used = [(name, part) for name, part in named if part.weight]
    return StyleBlend("+".join(name for name, _ in used), tuple(part for _, part in used))


def _names_one(text: str) -> bool:
    """Return whether the text, commas and colons and all, names one style or file."""
    return Path(text).is_file() or (not text.endswith(".safetensors") and find_style(text) is not None)


def _parse_part(text: str) -> tuple[str, BlendPart]:
    """Return one part of a blend and its name, as file names use it."""
    weighted = None if Path(text).exists() else _WEIGHTED.fullmatch(text)
    name, weight = (weighted["style"], float(weighted["weight"])) if weighted else (text, 1.0)
    if not math.isfinite(weight):
        raise StyleError(f"{text} has no share that can be used", "Give a number such as 0.5 after the colon.")
    style, path = find_style(name), Path(name)
    if style is not None:
        image = path if path.is_file() and path.suffix != ".safetensors" else None
        return style.name, BlendPart(style.path, weight, image)
    if not path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES:
        raise unknown_style_error(name)
    if not path.is_file():
        raise StyleError(f"there is no image {path}", "Check the path.")
    return re.sub(r"\s+", "_", path.stem), BlendPart(path, weight)


@dataclass(frozen=True, slots=True)
class BlendPart:
    """One style of a blend."""

    path: Path
    """A weights file, or an image that the network for any style looks at."""
    weight: float = 1.0
    """How much of it, relative to the other ingredients."""
    image: Path | None = None
    """The painting itself, where `path` is weights and it was asked for by that: they do not say where it is."""


@dataclass(frozen=True, slots=True)
class StyleBlend:
    """What a film is painted in."""

    name: str
    """For file names: letters, digits and what a file system takes."""
    parts: tuple[BlendPart, ...]
