"""A run that is asked for: what the start screen ends with and the running screen begins with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that has not begun."""

    arguments: tuple[str, ...]
    """Those of `streamstyle run`, after the word `run`: `("movie.mkv", "--style", "wave", "-o", "out.mkv")`."""
    video: Path
    output: Path
    """Where the painting goes, as the arguments say or as it follows from them."""

    @property
    def overwrites(self) -> bool:
        """Whether an output that exists may be replaced without another question."""
        return any(argument in ("-y", "--yes") for argument in self.arguments)
