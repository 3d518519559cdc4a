"""Long-term drift: what becomes of the colour of points that are followed over many frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor

from streamstyle.evaluate.matching import Match
from streamstyle.ops.warp import backward_warp

HORIZON = 20
"""Frames that points are followed over."""

EVERY = 5
"""Frames from one set of points to the next; so four are followed at a time."""

MOVED = 2.0
"""Pixels from which on a point counts as moved."""

_FEWEST = 0.005
"""Share of the followed points that have to have moved for there to be a drift at all."""


def chained(steps: Sequence[Match]) -> Match:
    """Return the way of the first step's pixels along all of them, which lead from each frame to the next."""
    flow, weight = steps[0].flow, steps[0].weight
    for step in steps[1:]:
        weight = weight * backward_warp(step.weight[None], flow, "bilinear")[0]
        flow = flow + backward_warp(step.flow, flow, "bilinear")
    return Match(flow, weight, of_later=False)


@dataclass(slots=True)
class Drift:
    """Sums over the points of one film."""

    changes: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Squared change of colour of the points that moved, and of those that did not."""
    contrasts: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """What it would be had the picture stood still."""
    points: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def add(self, now: Tensor, before: Tensor, way: Match) -> None:
        """Count the points of `before`, [3, H, W], that are followed to places in `now`."""
        change = (backward_warp(now, way.flow, "bilinear") - before).square().mean(0)
        contrast = (backward_warp(before, way.flow, "bilinear") - before).square().mean(0)
        moved = way.flow.square().sum(0) > MOVED**2
        for group, chosen in enumerate((way.weight * moved, way.weight * ~moved)):
            self.changes[group] += float((chosen * change).sum())
            self.contrasts[group] += float((chosen * contrast).sum())
            self.points[group] += float(chosen.sum())

    @property
    def share(self) -> float | None:
        """The change as a share of a frozen film's: moved and unmoved points count alike, as the mean of each.

        None where too few points moved, or none could be followed so long.
        """
        if self.points[0] <= _FEWEST * sum(self.points):
            return None
        groups = [group for group in (0, 1) if self.points[group] > 0]
        change = sum(self.changes[group] / self.points[group] for group in groups)
        contrast = sum(self.contrasts[group] / self.points[group] for group in groups)
        return change / contrast if contrast > 0 else None


@dataclass(slots=True)
class _Anchor:
    """Points that are followed: all pixels of one frame."""

    pictures: Sequence[Tensor]
    """[3, H, W] of each film."""
    way: Match | None = None
    """Their way so far; None before the first step."""
    age: int = 0


class Tracks:
    """Follows points through all films at once, along the same motion, and sums up how each film's colours change."""

    def __init__(self, films: int) -> None:
        self.drifts = [Drift() for _ in range(films)]
        """One a film, in the order of the pictures."""
        self._anchors: list[_Anchor] = []
        self._since = 0

    def step(
        self,
        pictures: Sequence[Tensor],  # [3, H, W] each, one a film
        onward: Match | None,  # from the frame before; None where a shot begins
    ) -> None:
        """Go on to the next frame."""
        if onward is None:
            self._anchors.clear()
            self._since = 0
        else:
            self._follow(onward)
        while self._anchors and self._anchors[0].age == HORIZON:
            self._arrive(self._anchors.pop(0), pictures)
        if self._since % EVERY == 0:
            self._anchors.append(_Anchor(list(pictures)))
        self._since += 1

    def _arrive(self, anchor: _Anchor, pictures: Sequence[Tensor]) -> None:
        if anchor.way is not None:
            way = replace(anchor.way, weight=(anchor.way.weight > 0.5).float())
            for drift, now, before in zip(self.drifts, pictures, anchor.pictures, strict=True):
                drift.add(now, before, way)

    def _follow(self, onward: Match) -> None:
        for anchor in self._anchors:
            anchor.way = onward if anchor.way is None else chained([anchor.way, onward])
            anchor.age += 1
