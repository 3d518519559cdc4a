"""A style as it is asked for: one, or several blended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
