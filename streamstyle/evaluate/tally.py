"""Sums over one film, frame by frame, and the means that come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from torch import Tensor

from streamstyle.evaluate.appearance import Seen
from streamstyle.evaluate.matching import Match
from streamstyle.evaluate.measures import Curve, Measures
from streamstyle.evaluate.metrics import sharpness, squared_difference, stability_error, warping_error


@dataclass(slots=True)
class Tally:
    """What was measured of a film so far: a float a frame and measure."""

    film: Path
    gaps: Sequence[int]
    sharpness: list[float] = field(default_factory=list)
    errors: dict[int, Curve] = field(default_factory=dict)
    roots: dict[int, Curve] = field(default_factory=dict)
    looks: list[Seen] = field(default_factory=list)

    def add(
        self,
        picture: Tensor,  # [3, H, W] float32 in [0, 1]
        earlier: Sequence[Tensor],  # the pictures before it, the last one last
        matches: Mapping[int, Match],
    ) -> None:
        """Measure one frame, alone and against earlier ones."""
        self.sharpness.append(float(sharpness(picture)))
        for gap in self.gaps:
            error, root = _against(picture, earlier[-gap], matches[gap]) if gap in matches else (None, None)
            self.errors.setdefault(gap, []).append(error)
            self.roots.setdefault(gap, []).append(root)

    def look(self, seen: Seen) -> None:
        """Count how near a frame is to the content of the source's and to the style."""
        self.looks.append(seen)

    def measures(self, drift: float | None) -> Measures:
        """Return the means."""
        content = [look.content for look in self.looks]
        style = [look.style for look in self.looks if look.style is not None]
        curves: dict[str, Curve] = {f"warping_error_{gap}": self.errors.get(gap, []) for gap in self.gaps}
        return Measures(
            film=self.film,
            frames=len(self.sharpness),
            warping_error=_means(self.errors),
            stability_error=_means(self.roots),
            drift=drift,
            sharpness=fmean(self.sharpness) if self.sharpness else 0.0,
            content=fmean(content) if content else None,
            style=fmean(style) if style else None,
            curves={**curves, "sharpness": list(self.sharpness)},
        )


def _against(picture: Tensor, earlier: Tensor, match: Match) -> tuple[float, float]:
    here, other = (picture, earlier) if match.of_later else (earlier, picture)
    squared = squared_difference(here, other, match.flow)
    return float(warping_error(squared, match.weight)), float(stability_error(squared, match.weight))


def _means(curves: Mapping[int, Curve]) -> dict[int, float]:
    measured = {gap: [value for value in curve if value is not None] for gap, curve in sorted(curves.items())}
    return {gap: fmean(values) for gap, values in measured.items() if values}
