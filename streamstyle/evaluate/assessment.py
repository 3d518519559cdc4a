"""What there is to say of one stylised film, beside its source and what would cheat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamstyle.evaluate.decoys import Decoys
from streamstyle.evaluate.stability import Stability, measure_all
from streamstyle.events import Event
from streamstyle.settings import FlowPreset, SourceSettings

GAPS = (1, 5, 10)
"""Frames between the two of a pair: flicker shows at 1, drift at 10."""


@dataclass(frozen=True, slots=True)
class Assessed(Event):
    """A stylised film has been measured."""

    stylised: str
    source: str
    judge: str
    """The optical flow that it was judged along."""
    frames: int
    measures: dict[str, dict[str, float]]
    """By `source`, `stylised`, `blurred` and `frozen`, each measure by its name; no gap longer than every shot."""


def assess(
    stylised: Path,
    source: Path,
    part: SourceSettings,
    judge: FlowPreset,
    watch: Callable[[int], None],
) -> Assessed:
    """Return the measures of a film made by whatever tool; `watch` hears the frames done.

    Raises FilmError where a film cannot be read, or the two do not have the same frames.
    """
    measured = measure_all([stylised], source, part, judge, GAPS, decoys=True, watch=watch)
    names = ("source", "stylised", *Decoys.names)
    measures = {name: _by_name(stability) for name, stability in zip(names, measured, strict=True)}
    return Assessed(str(stylised), str(source), judge.value, measured[0].frames, measures)


def _by_name(stability: Stability) -> dict[str, float]:
    return {
        **{f"warping_error_{gap}": error for gap, error in stability.warping_error.items()},
        **{f"stability_error_{gap}": error for gap, error in stability.stability_error.items()},
        "sharpness": stability.sharpness,
    }
