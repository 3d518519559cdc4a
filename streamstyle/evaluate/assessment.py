"""What there is to say of one stylised film, beside its source and what would cheat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamstyle.evaluate.appearance import Appearance
from streamstyle.evaluate.decoys import Decoys
from streamstyle.evaluate.judge import Judge
from streamstyle.evaluate.measures import Curve
from streamstyle.evaluate.measuring import measure_all
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


def assess(
    stylised: Path,
    source: Path,
    part: SourceSettings,
    judge: Judge,
    eye: Appearance,
    watch: Callable[[int], None],
    *,
    curves: bool = False,
) -> Measured:
    """Return the measures of a film made by whatever tool; `watch` hears the frames done.

    Raises FilmError where a film cannot be read, or the two do not have the same frames.
    """
    measured = measure_all([stylised], source, part, judge, eye=eye, decoys=True, watch=watch)
    named = dict(zip(("source", "stylised", *Decoys.names), measured, strict=True))
    return Measured(
        str(stylised),
        str(source),
        judge.name,
        eye.name,
        measured[0].frames,
        {name: measures.by_name() for name, measures in named.items()},
        {name: measures.curves for name, measures in named.items()} if curves else {},
    )
