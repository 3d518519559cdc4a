"""Objectives of a frame and their gradients: weighted losses of the network plus quadratic terms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from streamstyle.models.vgg import VggFeatures
from streamstyle.ops.image import LEVELS_SQUARED
from streamstyle.ops.temporal import TemporalTerm, total_variation
from streamstyle.optimise.gradient import losses_and_gradient
from streamstyle.optimise.losses import Targets
from streamstyle.settings import RuderSettings

NETWORK_CURVATURE = 0.15
"""Curvature of the network's losses per unit of the perceptual weight, relative to that of the temporal term, for the
first step: at the default weight 4.5 times. Later steps find three to seven times."""

NETWORK_WEIGHT = 200.0
"""The same as a weight of each pixel: keeps steps finite where nothing else holds a pixel."""


@dataclass(frozen=True, slots=True)
class ConsistencyObjective:
    """`--method consistent`: perceptual and style loss to the frame's own stylisation, and the temporal term."""

    network: VggFeatures
    targets: Targets
    perceptual_weight: float
    style_weight: float
    term: TemporalTerm
    tile: int | None = None
    """Side in pixels of the tiles that the network processes one by one; None for the whole image."""

    def losses_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # [3], [3, H, W]
        """Return the perceptual, style and quadratic losses, and the gradient of their sum."""
        losses, gradient = losses_and_gradient(
            self.network, image, self.targets, self.perceptual_weight, self.style_weight, self.tile
        )
        quadratic, quadratic_gradient = self.term.loss_and_gradient(image)
        return torch.cat((losses, quadratic[None])), gradient.add_(quadratic_gradient)

    def inverse_hessian(self, gradient: Tensor) -> Tensor:  # [3, H, W]
        """Return an estimate of the inverse Hessian times a gradient, for L-BFGS: that of the temporal term, scaled.

        Along the gradients that occur the network's curvature is nearly proportional to the temporal term's, at all
        spatial frequencies and whatever the trust.
        """
        extra_weight, ratio = (each * self.perceptual_weight for each in (NETWORK_WEIGHT, NETWORK_CURVATURE))
        return self.term.inverse_hessian(gradient, extra_weight, 1 + ratio)

    def clone(self) -> ConsistencyObjective:
        """Return a copy with its own tensors."""
        grams = {layer: gram.clone() for layer, gram in self.targets.grams.items()}
        term = self.term
        term = TemporalTerm(term.centre.clone(), term.weight.clone(), term.minimum.clone(), term.tv_weight)
        return replace(self, targets=Targets(self.targets.content.clone(), grams), term=term)

    def load(self, other: ConsistencyObjective) -> None:
        """Copy another frame's tensors into those of this one, whose addresses stay the same."""
        for target, source in zip(self.tensors(), other.tensors(), strict=True):
            target.copy_(source)

    def tensors(self) -> list[Tensor]:
        """Return the tensors that differ from frame to frame."""
        term = self.term
        return [self.targets.content, *self.targets.grams.values(), term.centre, term.weight, term.minimum]


@dataclass(frozen=True, slots=True)
class RuderObjective:
    """`--method ruder`: content loss to the frame, style loss to the style image, total variation and temporal term."""

    network: VggFeatures
    targets: Targets
    """Content of the frame, Gram matrices of the style image."""
    weights: RuderSettings
    term: TemporalTerm | None
    """None if there are no other outputs to hold the frame to."""
    tile: int | None = None
    """Side in pixels of the tiles that the network processes one by one; None for the whole image."""

    def losses_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # [4], [3, H, W]
        """Return the content, style, total variation and temporal losses, and the gradient of their sum."""
        weights = self.weights
        losses, gradient = losses_and_gradient(
            self.network, image, self.targets, weights.content_weight, weights.style_image_weight, self.tile
        )
        variation, variation_gradient = total_variation(image)
        gradient.add_(variation_gradient, alpha=weights.image_tv_weight * LEVELS_SQUARED)
        temporal = torch.zeros_like(variation)
        if self.term is not None:
            temporal, temporal_gradient = self.term.loss_and_gradient(image)
            gradient.add_(temporal_gradient)
        quadratic = torch.stack((weights.image_tv_weight * LEVELS_SQUARED * variation, temporal))
        return torch.cat((losses, quadratic)), gradient
