"""The text after `--style`: one style, an image, or a blend of several with weights; that after `--outside`; masks."""

from __future__ import annotations

import math
import re
from pathlib import Path

from streamstyle.errors import SettingsError, StyleError
from streamstyle.files import IMAGE_SUFFIXES
from streamstyle.looks import BlendPart, StyleBlend
from streamstyle.media.image_sequence import is_pattern
from streamstyle.styles.library import Style, find_style, unknown_style_error

__all__ = ["BlendPart", "StyleBlend", "find_mask", "parse_outside", "parse_style"]

ORIGINAL = "original"
"""What `--outside` has where the film stays as it is."""

_WEIGHTED = re.compile(r"(?P<style>.+):(?P<weight>[0-9]*\.?[0-9]+)")


def parse_style(
    text: str,
    folder: Path = Path(),  # that relative paths begin at
) -> StyleBlend:
    """Return the style or the blend that a text such as `wave` or `wave:0.6,my.jpg:0.4` names.

    Weights are relative; the default is 1. Raises StyleError if there is no such style.
    """
    is_single = _is_single_style(text, folder)
    parts = [text] if is_single else [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise unknown_style_error(text)
    blend_parts = [_parse_part(part, folder) for part in parts]
    if not sum(part.weight for _, part in blend_parts):
        raise StyleError(f"the weights of {text} are all 0", "Give one of the styles a weight above 0.")
    used_parts = [(name, part) for name, part in blend_parts if part.weight]
    return StyleBlend("+".join(name for name, _ in used_parts), tuple(part for _, part in used_parts))


def parse_outside(text: str, folder: Path = Path()) -> StyleBlend | None:
    """Return the style outside a mask; None for `original`. Raises StyleError if there is no such style."""
    return None if text == ORIGINAL else parse_style(text, folder)


def find_mask(path: Path) -> Path:
    """Return the path of a mask: an image, a film, a folder or a pattern of images. SettingsError if there is none."""
    if not path.exists() and not is_pattern(path):
        raise SettingsError(
            f"there is no mask {path}", "Give an image, a film or a folder of images, white where the style is to be."
        )
    return path


def _is_single_style(text: str, folder: Path) -> bool:
    """Return whether the text as a whole names a style or a file, even if it has commas or colons."""
    return (folder / text).is_file() or (not text.endswith(".safetensors") and find_style(text) is not None)


def _find(name: str, path: Path) -> Style | None:
    """Return the style in a file, or else the one of that name."""
    return find_style(str(path) if path.is_file() else name)


def _parse_part(text: str, folder: Path) -> tuple[str, BlendPart]:
    """Return the name, for file names, and one part of a blend."""
    weighted = None if (folder / text).exists() else _WEIGHTED.fullmatch(text)
    name, weight = (weighted["style"], float(weighted["weight"])) if weighted else (text, 1.0)
    if not math.isfinite(weight):
        raise StyleError(f"{text} has an invalid weight", "Give a number such as 0.5 after the colon.")
    path = folder / name
    style = _find(name, path)
    if style is not None:
        image = path if path.is_file() and path.suffix != ".safetensors" else None
        return style.name, BlendPart(style.path, weight, image)
    if not path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES:
        raise unknown_style_error(name)
    if not path.is_file():
        raise StyleError(f"there is no image {path}", "Check the path.")
    return re.sub(r"\s+", "_", path.stem), BlendPart(path, weight)
