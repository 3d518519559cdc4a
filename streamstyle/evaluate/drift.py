"""Long-term drift: how much the colour of points changes that are tracked over many frames (docs/metrics.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch.nn.functional as F
from torch import Tensor

from streamstyle.evaluate.reference_flow import Correspondence, compose_flows
from streamstyle.ops.warp import backward_warp

HORIZON = 20
"""Frames that points are tracked over."""

ANCHOR_EVERY = 5
"""Frames between two sets of points, so that four sets are tracked at a time."""

MIN_MOTION = 2.0
"""Displacement in pixels above which a point counts as moved."""

_MAX_CHANGE = 0.1
"""Root mean square change of the source over the channels up to which a point that did not move counts as the same."""

_MIN_MOVED_SHARE = 0.01
"""Share of the tracked points that must have moved for the drift to be defined."""


class PointTracker:
    """Tracks points through all films at once, along the same motion, and sums up how each film's colours change.

    The first film must be the source: it decides which points count.
    """

    def __init__(self, films: int) -> None:
        self.drifts = [Drift() for _ in range(films)]
        """One per film, in the order of the frames given to `step`."""
        self._anchors: list[_Anchor] = []
        self._frames_in_shot = 0

    def step(
        self,
        frames: Sequence[Tensor],  # [3, H, W] each, one per film
        forward: Correspondence | None,  # from the previous frame; None where a shot begins
    ) -> None:
        """Advance to the next frame."""
        if forward is None:
            self._anchors.clear()
            self._frames_in_shot = 0
        else:
            self._advance(forward)
        while self._anchors and self._anchors[0].age == HORIZON:
            self._finish(self._anchors.pop(0), frames)
        if self._frames_in_shot % ANCHOR_EVERY == 0:
            self._anchors.append(_Anchor(list(frames)))
        self._frames_in_shot += 1

    def _advance(self, forward: Correspondence) -> None:
        for anchor in self._anchors:
            anchor.path = forward if anchor.path is None else compose_flows([anchor.path, forward])
            anchor.age += 1

    def _finish(self, anchor: _Anchor, frames: Sequence[Tensor]) -> None:
        if anchor.path is not None:
            groups = verified_points(frames[0], anchor.frames[0], anchor.path)
            for drift, now, before in zip(self.drifts, frames, anchor.frames, strict=True):
                drift.add(now, before, anchor.path.flow, groups)


@dataclass(slots=True)
class _Anchor:
    """A set of tracked points: all pixels of one frame."""

    frames: Sequence[Tensor]
    """[3, H, W] of each film."""
    path: Correspondence | None = None
    """From the anchor frame to the current one; None before the first step."""
    age: int = 0
    """Frames since the anchor frame."""


@dataclass(slots=True)
class Drift:
    """Sums over the points of one film; index 0 holds the points that moved, index 1 those that did not."""

    changes: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Squared change of colour."""
    contrasts: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Squared change of colour if the film had stood still."""
    points: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def add(self, now: Tensor, before: Tensor, flow: Tensor, groups: Sequence[Tensor]) -> None:
        """Add the points p of `before`, [3, H, W], found at p + flow(p) in `now`; groups are masks [H, W]."""
        change, contrast = change_and_contrast(now, before, flow)
        for group, mask in enumerate(groups):
            self.changes[group] += float(change[mask].sum())
            self.contrasts[group] += float(contrast[mask].sum())
            self.points[group] += float(mask.sum())

    @property
    def ratio(self) -> float | None:
        """The change relative to a frozen film's: the means of moved and unmoved points count alike.

        None if too few points moved, or none could be tracked over the horizon.
        """
        if self.points[0] <= _MIN_MOVED_SHARE * sum(self.points):
            return None
        groups = [group for group in (0, 1) if self.points[group] > 0]
        change = sum(self.changes[group] / self.points[group] for group in groups)
        contrast = sum(self.contrasts[group] / self.points[group] for group in groups)
        return change / contrast if contrast > 0 else None


def verified_points(now: Tensor, before: Tensor, path: Correspondence) -> tuple[Tensor, Tensor]:
    """Return the points that moved and those that did not, [H, W] bool, where the source's colours confirm it.

    Flow composed over many frames accumulates errors. A point counts as moved only where the source changes less than
    half as much along the path as it would at rest, and as unmoved only where the source hardly changes. Both are means
    over 7x7 pixels, since a single pixel may agree by chance.
    """
    change, contrast = (_local_mean(values) for values in change_and_contrast(now, before, path.flow))
    trusted, moved = path.weight > 0.5, path.flow.square().sum(0) > MIN_MOTION**2
    return trusted & moved & (change < 0.5 * contrast), trusted & ~moved & (change < _MAX_CHANGE**2)


def change_and_contrast(
    now: Tensor,  # [3, H, W] float32 in [0, 1]
    before: Tensor,  # [3, H, W] float32 in [0, 1]
    flow: Tensor,  # [2, H, W] float32, pixels: from `before` to `now`
) -> tuple[Tensor, Tensor]:  # [H, W] each
    """Return each point's squared change of colour, and what it would be if the film had stood still."""
    change = (backward_warp(now, flow, "bilinear") - before).square().mean(0)
    contrast = (backward_warp(before, flow, "bilinear") - before).square().mean(0)
    return change, contrast


def _local_mean(values: Tensor) -> Tensor:  # [H, W]
    return F.avg_pool2d(values[None], 7, stride=1, padding=3, count_include_pad=False)[0]
