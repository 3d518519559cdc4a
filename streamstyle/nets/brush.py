"""One frame optimised towards the painting itself (Ruder, Dosovitskiy & Brox, arXiv 1604.08610)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.perceptual import Targets
from streamstyle.nets.tiled_descent import losses_and_gradient_within, targets_within
from streamstyle.ops.device_lbfgs import descend
from streamstyle.ops.past import Past
from streamstyle.ops.pixels import UNITS
from streamstyle.ops.temporal import TemporalTerm, temporal_term, total_variation
from streamstyle.ops.thrift import Thrift, Way, unheard
from streamstyle.settings import RuderSettings

_LOSSES = ("content", "style", "smooth", "temporal")


WAYS: tuple[Way[int | None], ...] = (
    Way(None),
    Way(512, "frames are optimised in tiles of 512 pixels, which is slower"),
    Way(192, "frames are optimised in tiles of 192 pixels, which is slower still"),
)
"""Sides in pixels of the tiles that the network looks at; None for the whole."""


@dataclass(frozen=True, slots=True)
class Brush:
    """What paints after a painting: all of the objective that is the same for every frame."""

    network: LossNetwork
    grams: Mapping[str, Tensor]
    """Of the painting: style layer → [1, C, C] float32."""
    weights: RuderSettings
    temporal_weight: float
    thrift: Thrift[int | None] = field(default_factory=lambda: Thrift(WAYS, unheard))

    def paint(
        self,
        image: Tensor,  # [3, H, W] float32 in [0, 1]: the frame
        past: Past | None,  # what other frames show of it
        start: Tensor,  # [3, H, W] float32
        iterations: int,
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the frame painted, [3, H, W] float32 in [0, 1], and the terms of the objective, weighted."""

        def painted_within(tile: int | None) -> tuple[Tensor, Tensor]:
            targets = Targets(targets_within(self.network, image, tile).content, self.grams)
            return descend(_Objective(self, targets, self._pull(image, past), tile), start, None, iterations)

        painted, losses = self.thrift(painted_within)
        return painted.clamp(0, 1), dict(zip(_LOSSES, losses.tolist(), strict=True))

    def _pull(self, image: Tensor, past: Past | None) -> TemporalTerm | None:
        if past is None:
            return None
        return temporal_term(past.carried, image, past.trust, self.temporal_weight, pixel_weight=0)


class _Objective:
    """The value of a picture for one frame, and how it changes with it."""

    def __init__(self, brush: Brush, targets: Targets, pull: TemporalTerm | None, tile: int | None) -> None:
        self._brush, self._targets, self._pull, self._tile = brush, targets, pull, tile

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:  # [4], [3, H, W]
        weights = self._brush.weights
        of_network, gradient = losses_and_gradient_within(
            self._brush.network, image, self._targets, weights.content_weight, weights.painting_weight, self._tile
        )
        roughness, slope = total_variation(image)
        gradient.add_(slope, alpha=weights.smooth_weight * UNITS)
        temporal = torch.zeros_like(roughness)
        if self._pull is not None:
            temporal, pull = self._pull.loss_and_gradient(image)
            gradient.add_(pull)
        quadratic = torch.stack((weights.smooth_weight * UNITS * roughness, temporal))
        return torch.cat((of_network, quadratic)), gradient
