"""What the picture of one frame is to be: like its own stylisation to a network, and where temporal terms hold it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.perceptual import Targets
from streamstyle.nets.tiled_descent import losses_and_gradient_within
from streamstyle.ops.temporal import TemporalTerm


@dataclass(frozen=True, slots=True)
class Objective:
    """The function of a picture that is to be small."""

    network: LossNetwork
    targets: Targets
    perceptual_weight: float
    style_weight: float
    term: TemporalTerm
    tile: int | None = None
    """Side in pixels of the tiles that the network looks at one after the other, for want of memory."""

    def losses_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # [3], [3, H, W]
        """Return the perceptual, the style and the quadratic loss, and the gradient of their sum."""
        losses, gradient = losses_and_gradient_within(
            self.network, image, self.targets, self.perceptual_weight, self.style_weight, self.tile
        )
        quadratic, quadratic_gradient = self.term.loss_and_gradient(image)
        return torch.cat((losses, quadratic[None])), gradient.add_(quadratic_gradient)

    def curvature(self) -> Tensor:  # [1, H, W]
        """Return the part of its second derivative that is known."""
        curvature = self.term.curvature()
        # With a pixel weight of 0 the quadratic term says nothing of occluded places: a floor keeps steps there finite.
        return curvature.clamp_min(0.05 * curvature.max())

    def copy(self) -> Objective:
        """Return the same in tensors of its own."""
        grams = {layer: gram.clone() for layer, gram in self.targets.grams.items()}
        term = replace(
            self.term,
            centre=self.term.centre.clone(),
            stiffness=self.term.stiffness.clone(),
            floor=self.term.floor.clone(),
        )
        return replace(self, targets=Targets(self.targets.content.clone(), grams), term=term)

    def become(self, other: Objective) -> None:
        """Copy another frame's targets into the tensors of this one, which stay where they are."""
        for mine, its in zip(self._tensors(), other._tensors(), strict=True):
            mine.copy_(its)

    def _tensors(self) -> list[Tensor]:
        term = self.term
        return [self.targets.content, *self.targets.grams.values(), term.centre, term.stiffness, term.floor]
