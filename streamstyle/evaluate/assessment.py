"""What there is to say of one stylised film, beside its source and what would cheat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamstyle.evaluate.appearance import PerceptualScorer
from streamstyle.evaluate.decoys import ControlFilms
from streamstyle.evaluate.judge import ReferenceFlow
from streamstyle.evaluate.measures import Curve
from streamstyle.evaluate.measuring import measure_films
from streamstyle.events import Event
from streamstyle.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """A stylised film has been measured."""

    stylised: str
    source: str
    flow_reference: str
    """What it was judged along, such as `deepflow flow of its source`."""
    loss_network: str
    """The loss network that content and style were seen with."""
    frames: int
    metrics: dict[str, dict[str, float]]
    """By `source`, `stylised`, `blurred` and `frozen`, each measure by its name; none that cannot be given."""
    curves: dict[str, dict[str, Curve]]
    """By the same, warping errors and sharpness of every frame; empty unless asked for."""


def measure_film(
    stylised: Path,
    source: Path,
    source_settings: SourceSettings,
    reference_flow: ReferenceFlow,
    scorer: PerceptualScorer,
    on_frame: Callable[[int], None],
    *,
    curves: bool = False,
) -> Measured:
    """Return the measures of a film made by whatever tool; `watch` hears the frames done.

    Raises FilmError where a film cannot be read, or the two do not have the same frames.
    """
    measured = measure_films(
        [stylised], source, source_settings, reference_flow, scorer=scorer, with_controls=True, on_frame=on_frame
    )
    named = dict(zip(("source", "stylised", *ControlFilms.names), measured, strict=True))
    return Measured(
        str(stylised),
        str(source),
        reference_flow.name,
        scorer.name,
        measured[0].frames,
        {name: measures.by_name() for name, measures in named.items()},
        {name: measures.curves for name, measures in named.items()} if curves else {},
    )
