"""Three ways to spend time on a film, for those who do not want to choose each setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streamstyle.settings import Method

QUALITY_SETTINGS = frozenset({"method", "size", "height", "max_height", "preset"})
"""Settings that a quality is about: what was chosen for them before does not count after it."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Method, size and encoder, chosen to go together: a fast method gets a fast preset of the encoder.

    x264 at its preset medium takes more than half as long as the network of the methods johnson and live, at faster two
    thirds of that.
    """

    method: Method
    max_height: int | None
    """Largest working height; None for that of the film."""
    preset: str
    """Of the encoder."""
    summary: str

    @property
    def options(self) -> dict[str, Any]:
        """The options of a run that it stands for, by the names of their settings; those with a value."""
        height = {} if self.max_height is None else {"max_height": self.max_height}
        return {"method": self.method.value, **height, "preset": self.preset}


QUALITIES = {
    "draft": Quality(Method.live, 360, "veryfast", "to try styles: at most 360 lines, method live"),
    "balanced": Quality(Method.live, None, "faster", "the film's size, method live; what is done without --quality"),
    "best": Quality(Method.consistent, None, "slow", "the film's size, method consistent, about five times as long"),
}
"""Quickest first."""

DEFAULT_QUALITY = "balanced"
"""Its settings are the defaults of a run."""
