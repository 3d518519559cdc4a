"""Long-term drift: what becomes of the colour of points that are followed over many frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch.nn.functional as F
from torch import Tensor

from streamstyle.evaluate.reference_flow import Correspondence, compose_flows
from streamstyle.ops.warp import backward_warp

HORIZON = 20
"""Frames that points are followed over."""

ANCHOR_EVERY = 5
"""Frames from one set of points to the next; so four are followed at a time."""

MIN_MOTION = 2.0
"""Pixels from which on a point counts as moved."""

_MAX_CHANGE = 0.1
"""Root mean squared change over the channels up to which the source shows a point that did not move still the same."""

_MIN_MOVED_SHARE = 0.01
"""Share of the followed points that have to have moved for there to be a drift at all."""


def change_and_contrast(
    now: Tensor,  # [3, H, W] float32 in [0, 1]
    before: Tensor,  # [3, H, W] float32 in [0, 1]
    flow: Tensor,  # [2, H, W] float32, pixels: from `before` to `now`
) -> tuple[Tensor, Tensor]:  # [H, W] each
    """Return how much each point's colour has changed, squared, and how much had the picture stood still."""
    change = (backward_warp(now, flow, "bilinear") - before).square().mean(0)
    contrast = (backward_warp(before, flow, "bilinear") - before).square().mean(0)
    return change, contrast


def verified_points(now: Tensor, before: Tensor, path: Correspondence) -> tuple[Tensor, Tensor]:
    """Return the points that moved and those that did not, [H, W] bool, as far as the source's own colours agree.

    Flow that is followed for long loses its way. That a point moved is believed where the source changes less than half
    as much along the way as it would standing still; that it did not, where the source hardly changes. Both are means
    over 7x7 pixels, for one alone may agree by chance.
    """
    change, contrast = (_local_mean(values) for values in change_and_contrast(now, before, path.flow))
    trusted, moved = path.weight > 0.5, path.flow.square().sum(0) > MIN_MOTION**2
    return trusted & moved & (change < 0.5 * contrast), trusted & ~moved & (change < _MAX_CHANGE**2)


def _local_mean(values: Tensor) -> Tensor:  # [H, W]
    return F.avg_pool2d(values[None], 7, stride=1, padding=3, count_include_pad=False)[0]


@dataclass(slots=True)
class Drift:
    """Sums over the points of one film."""

    changes: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Squared change of colour of the points that moved, and of those that did not."""
    contrasts: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """What it would be had the picture stood still."""
    points: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def add(self, now: Tensor, before: Tensor, flow: Tensor, groups: Sequence[Tensor]) -> None:
        """Count the points of `before`, [3, H, W], that have come to p + flow(p) in `now`; groups are masks [H, W]."""
        change, contrast = change_and_contrast(now, before, flow)
        for group, chosen in enumerate(groups):
            self.changes[group] += float(change[chosen].sum())
            self.contrasts[group] += float(contrast[chosen].sum())
            self.points[group] += float(chosen.sum())

    @property
    def ratio(self) -> float | None:
        """The change as a share of a frozen film's: moved and unmoved points count alike, as the mean of each.

        None where too few points moved, or none could be followed so long.
        """
        if self.points[0] <= _MIN_MOVED_SHARE * sum(self.points):
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
    path: Correspondence | None = None
    """Their way so far; None before the first step."""
    age: int = 0


class PointTracker:
    """Follows points through all films at once, along the same motion, and sums up how each film's colours change.

    The first of the films is the source.
    """

    def __init__(self, films: int) -> None:
        self.drifts = [Drift() for _ in range(films)]
        """One a film, in the order of the pictures."""
        self._anchors: list[_Anchor] = []
        self._frames_in_shot = 0

    def step(
        self,
        pictures: Sequence[Tensor],  # [3, H, W] each, one a film
        forward: Correspondence | None,  # from the frame before; None where a shot begins
    ) -> None:
        """Go on to the next frame."""
        if forward is None:
            self._anchors.clear()
            self._frames_in_shot = 0
        else:
            self._advance(forward)
        while self._anchors and self._anchors[0].age == HORIZON:
            self._finish(self._anchors.pop(0), pictures)
        if self._frames_in_shot % ANCHOR_EVERY == 0:
            self._anchors.append(_Anchor(list(pictures)))
        self._frames_in_shot += 1

    def _finish(self, anchor: _Anchor, pictures: Sequence[Tensor]) -> None:
        if anchor.path is not None:
            groups = verified_points(pictures[0], anchor.pictures[0], anchor.path)
            for drift, now, before in zip(self.drifts, pictures, anchor.pictures, strict=True):
                drift.add(now, before, anchor.path.flow, groups)

    def _advance(self, forward: Correspondence) -> None:
        for anchor in self._anchors:
            anchor.path = forward if anchor.path is None else compose_flows([anchor.path, forward])
            anchor.age += 1
