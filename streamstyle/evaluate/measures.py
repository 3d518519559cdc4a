"""What can be said of one finished film in figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

Curve = list[float | None]
"""One value a frame; None where there is none, such as in the first frame of a shot."""


@dataclass(frozen=True, slots=True)
class FilmMetrics:
    """The measures of one film (docs/metrics.md); lower is steadier, and nearer."""

    film: Path
    frames: int
    warping_error: dict[int, float]
    """By gap, the mean over all pairs of frames of a shot, in squared units of [0, 1]. A gap longer than every shot has
    none."""
    stability_error: dict[int, float]
    """By gap, as a root, in units of [0, 1]."""
    drift: float | None
    """Share of a frozen film's; None where no point could be followed for long, or none moved."""
    sharpness: float
    """Mean gradient magnitude of luma, mean over the frames, per pixel."""
    content: float | None = None
    """Relative squared error of the activations at relu4_2; None where it was not asked for."""
    style: float | None = None
    """Relative squared error of the Gram matrices; None where there is no style image."""
    curves: dict[str, Curve] = field(default_factory=dict)
    """Warping errors and sharpness by their names in `by_name`, a value a frame."""

    def by_name(self) -> dict[str, float]:
        """Return each figure there is under its name on the wire: `warping_error_1`, …, `style`."""
        figures = {
            **{f"warping_error_{gap}": error for gap, error in self.warping_error.items()},
            **{f"stability_error_{gap}": error for gap, error in self.stability_error.items()},
            "drift": self.drift,
            "sharpness": self.sharpness,
            "content": self.content,
            "style": self.style,
        }
        return {name: figure for name, figure in figures.items() if figure is not None}
