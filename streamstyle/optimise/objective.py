"""What is minimised for one frame: weighted losses of the network and quadratic temporal terms, with the gradient."""

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


@dataclass(frozen=True, slots=True)
class ConsistencyObjective:
    """Of `--method consistent`: near the frame's own stylisation to the network, near the last output in pixels."""

    network: VggFeatures
    targets: Targets
    perceptual_weight: float
    style_weight: float
    term: TemporalTerm
    tile: int | None = None
    """Side in pixels of the tiles that the network sees one after the other, for want of memory."""

    def losses_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # [3], [3, H, W]
        """Return the perceptual, the style and the quadratic loss, and the gradient of their sum."""
        losses, gradient = losses_and_gradient(
            self.network, image, self.targets, self.perceptual_weight, self.style_weight, self.tile
        )
        quadratic, quadratic_gradient = self.term.loss_and_gradient(image)
        return torch.cat((losses, quadratic[None])), gradient.add_(quadratic_gradient)

    def curvature(self) -> Tensor:  # [1, H, W]
        """Return the part of its second derivative that is known."""
        curvature = self.term.curvature()
        # With a pixel weight of 0 the quadratic term says nothing of occluded places: a floor keeps steps there finite.
        return curvature.clamp_min(0.05 * curvature.max())

    def clone(self) -> ConsistencyObjective:
        """Return the same in tensors of its own."""
        grams = {layer: gram.clone() for layer, gram in self.targets.grams.items()}
        term = self.term
        term = TemporalTerm(term.centre.clone(), term.weight.clone(), term.minimum.clone(), term.tv_weight)
        return replace(self, targets=Targets(self.targets.content.clone(), grams), term=term)

    def load(self, other: ConsistencyObjective) -> None:
        """Copy another frame's targets into the tensors of this one, which stay where they are."""
        for mine, its in zip(self.tensors(), other.tensors(), strict=True):
            mine.copy_(its)

    def tensors(self) -> list[Tensor]:
        """Return what differs from frame to frame."""
        term = self.term
        return [self.targets.content, *self.targets.grams.values(), term.centre, term.weight, term.minimum]


@dataclass(frozen=True, slots=True)
class RuderObjective:
    """Of `--method ruder`: the frame's content, the style image's style, smoothness, near the last output in pixels."""

    network: VggFeatures
    targets: Targets
    """Content of the frame, Gram matrices of the style image."""
    weights: RuderSettings
    term: TemporalTerm | None
    """None for a frame with nothing to carry over."""
    tile: int | None = None
    """Side in pixels of the tiles that the network sees one after the other, for want of memory."""

    def losses_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # [4], [3, H, W]
        """Return the content, the style, the smoothness and the temporal loss, and the gradient of their sum."""
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
