"""One frame optimised towards the painting itself (Ruder, Dosovitskiy & Brox, arXiv 1604.08610)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from streamstyle.nets.descent import losses_and_gradient
from streamstyle.nets.loss_network import CONTENT_LAYER, LossNetwork
from streamstyle.nets.perceptual import Targets
from streamstyle.ops.lbfgs import minimise
from streamstyle.ops.past import Past
from streamstyle.ops.pixels import UNITS
from streamstyle.ops.temporal import TemporalTerm, temporal_term, total_variation
from streamstyle.settings import RuderSettings

_LOSSES = ("content", "style", "smooth", "temporal")


@dataclass(frozen=True, slots=True)
class Brush:
    """What paints after a painting: all of the objective that is the same for every frame."""

    network: LossNetwork
    grams: Mapping[str, Tensor]
    """Of the painting: style layer → [1, C, C] float32."""
    weights: RuderSettings
    temporal_weight: float

    def paint(
        self,
        image: Tensor,  # [3, H, W] float32 in [0, 1]: the frame
        past: Past | None,  # what other frames show of it
        start: Tensor,  # [3, H, W] float32
        iterations: int,
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the frame painted, [3, H, W] float32 in [0, 1], and the terms of the objective, weighted."""
        with torch.no_grad():
            content = self.network(image[None], [CONTENT_LAYER])[CONTENT_LAYER]
        objective = _Objective(self, Targets(content, self.grams), self._pull(image, past))
        painted, losses = minimise(objective, start, None, iterations)
        return painted.clamp(0, 1), dict(zip(_LOSSES, losses.tolist(), strict=True))

    def _pull(self, image: Tensor, past: Past | None) -> TemporalTerm | None:
        if past is None:
            return None
        return temporal_term(past.carried, image, past.trust, self.temporal_weight, pixel_weight=0)


class _Objective:
    """The value of a picture for one frame, and how it changes with it."""

    def __init__(self, brush: Brush, targets: Targets, pull: TemporalTerm | None) -> None:
        self._brush, self._targets, self._pull = brush, targets, pull

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:  # [4], [3, H, W]
        weights = self._brush.weights
        of_network, gradient = losses_and_gradient(
            self._brush.network, image, self._targets, weights.content_weight, weights.painting_weight
        )
        roughness, slope = total_variation(image)
        gradient.add_(slope, alpha=weights.smooth_weight * UNITS)
        temporal = torch.zeros_like(roughness)
        if self._pull is not None:
            temporal, pull = self._pull.loss_and_gradient(image)
            gradient.add_(pull)
        quadratic = torch.stack((weights.smooth_weight * UNITS * roughness, temporal))
        return torch.cat((of_network, quadratic)), gradient
