"""What the metadata of a weights file may say of its network: the fields, their types and bounds.

A file may come from anywhere, so nothing in it is used before it was compared with these tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from streamstyle.errors import StyleError
from streamstyle.models.vgg import STYLE_LAYERS


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a field may have: from `minimum` to `maximum`, by default integers."""

    minimum: float
    maximum: float
    multiple_of: int | None = 1
    """None for any number in between."""

    def __contains__(self, value: object) -> bool:
        if type(value) not in ((int,) if self.multiple_of else (int, float)):
            return False
        number: float = value  # type: ignore[assignment]
        return self.minimum <= number <= self.maximum and not (self.multiple_of and number % self.multiple_of)

    def __str__(self) -> str:
        kind = {None: "a number", 1: "an integer"}.get(self.multiple_of, f"a multiple of {self.multiple_of}")
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"


Fields = Mapping[str, Union[Numbers, type[bool], "Fields"]]

_SCALE = Numbers(1e-12, 1e18, multiple_of=None)

STYLE_NET: Fields = {
    "width": Numbers(4, 256, multiple_of=4),
    "blocks": Numbers(0, 64),
    "half_ends": bool,
    "separable": bool,
    "eighth_blocks": Numbers(0, 64),
}
UPSCALER: Fields = {"width": Numbers(4, 256), "depth": Numbers(0, 64)}
LOSS_SCALES: Fields = {"perceptual": _SCALE, "style": dict.fromkeys(STYLE_LAYERS, _SCALE)}

VGG_WIDTH = Numbers(1, 1024)
"""Channels of a layer of a loss network."""

STATISTICS = Numbers(1, 8192)
"""Statistics of a style image that a style predictor takes."""


def parse_fields(text: str | None, fields: Fields, path: Path, *, complete: bool = False) -> dict[str, Any]:
    """Return the JSON object in a metadata entry of `path`; with `complete` it has to have every field.

    Raises StyleError if it is missing, is no object, or has a field that `fields` does not allow.
    """
    try:
        content = json.loads(text or "")
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.keys() - fields.keys() or (complete and fields.keys() - content.keys()):
        raise StyleError(f"{path} was made by another version of streamstyle, or is damaged", _NEXT_STEP)
    for name, value in content.items():
        allowed = fields[name]
        if isinstance(allowed, Mapping):
            parse_fields(json.dumps(value), allowed, path, complete=complete)
        elif (type(value) is not bool) if allowed is bool else (value not in allowed):
            raise StyleError(
                f"{path} has {name} = {_shorten(value)} in its metadata, and it has to be {_describe(allowed)}",
                _NEXT_STEP,
            )
    return content


_NEXT_STEP = "Get another copy of the file, or train it again."


def _describe(allowed: Numbers | type[bool]) -> str:
    return str(allowed) if isinstance(allowed, Numbers) else "true or false"


def _shorten(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
