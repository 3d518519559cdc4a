"""Sums over one film, frame by frame, and the means that come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from torch import Tensor

from streamstyle.evaluate.appearance import PerceptualScores
from streamstyle.evaluate.matching import Correspondence
from streamstyle.evaluate.measures import Curve, FilmMetrics
from streamstyle.evaluate.metrics import sharpness, squared_difference, stability_error, warping_error


@dataclass(slots=True)
class Accumulator:
    """What was measured of a film so far: a float a frame and measure."""

    film: Path
    gaps: Sequence[int]
    sharpness: list[float] = field(default_factory=list)
    warping_errors: dict[int, Curve] = field(default_factory=dict)
    stability_errors: dict[int, Curve] = field(default_factory=dict)
    scores: list[PerceptualScores] = field(default_factory=list)

    def add(
        self,
        picture: Tensor,  # [3, H, W] float32 in [0, 1]
        earlier: Sequence[Tensor],  # the pictures before it, the last one last
        by_gap: Mapping[int, Correspondence],
    ) -> None:
        """Measure one frame, alone and against earlier ones."""
        self.sharpness.append(float(sharpness(picture)))
        for gap in self.gaps:
            error, root = _pair_errors(picture, earlier[-gap], by_gap[gap]) if gap in by_gap else (None, None)
            self.warping_errors.setdefault(gap, []).append(error)
            self.stability_errors.setdefault(gap, []).append(root)

    def add_scores(self, seen: PerceptualScores) -> None:
        """Count how near a frame is to the content of the source's and to the style."""
        self.scores.append(seen)

    def result(self, drift: float | None) -> FilmMetrics:
        """Return the means."""
        content = [look.content for look in self.scores]
        style = [look.style for look in self.scores if look.style is not None]
        curves: dict[str, Curve] = {f"warping_error_{gap}": self.warping_errors.get(gap, []) for gap in self.gaps}
        return FilmMetrics(
            film=self.film,
            frames=len(self.sharpness),
            warping_error=_mean_by_gap(self.warping_errors),
            stability_error=_mean_by_gap(self.stability_errors),
            drift=drift,
            sharpness=fmean(self.sharpness) if self.sharpness else 0.0,
            content=fmean(content) if content else None,
            style=fmean(style) if style else None,
            curves={**curves, "sharpness": list(self.sharpness)},
        )


def _pair_errors(picture: Tensor, earlier: Tensor, match: Correspondence) -> tuple[float, float]:
    here, other = (picture, earlier) if match.from_later else (earlier, picture)
    squared = squared_difference(here, other, match.flow)
    return float(warping_error(squared, match.weight)), float(stability_error(squared, match.weight))


def _mean_by_gap(curves: Mapping[int, Curve]) -> dict[int, float]:
    measured = {gap: [value for value in curve if value is not None] for gap, curve in sorted(curves.items())}
    return {gap: fmean(values) for gap, values in measured.items() if values}
