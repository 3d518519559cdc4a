"""The terms that tie a frame to the previous output, warped, and to its own stylisation.

Both are quadratic, so their minimiser is known. Differences are in 0..255 units and terms are means over H·W·3, so a
weight means the same at every size:

    temporal · mean(c (x - W)²) + pixel · mean((x - J)²) + tv · mean(differences of neighbours, squared)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

UNITS = 255.0**2
"""Squared differences in 0..255 units per squared difference in [0, 1]."""


@dataclass(frozen=True, slots=True)
class TemporalTerm:
    """The quadratic part of the objective of one frame."""

    carried: Tensor
    """[3, H, W] float32 in [0, 1]: W, the previous output warped to this frame."""
    stylised: Tensor
    """[3, H, W] float32 in [0, 1]: J, this frame's own stylisation."""
    trust: Tensor
    """[H, W] float32 in [0, 1]: c, the consistency weight."""
    temporal_weight: float
    pixel_weight: float
    tv_weight: float = 0.0

    def minimiser(self) -> Tensor:  # [3, H, W]
        """Return (temporal c W + pixel J) / (temporal c + pixel), exact but for tv; J where both weights vanish."""
        towards_carried = self.temporal_weight * self.trust
        total = towards_carried + self.pixel_weight
        share = torch.where(total > 0, towards_carried / total.clamp_min(1e-12), 0.0)
        return torch.lerp(self.stylised, self.carried, share)

    def curvature(self) -> Tensor:  # [1, H, W]
        """Return the second derivative of the term at each pixel, without tv."""
        return (2 * UNITS / self.carried.numel()) * (self.temporal_weight * self.trust + self.pixel_weight)[None]

    def loss_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
        """Return the term and its exact gradient; soft masks weigh both."""
        from_carried, from_stylised = image - self.carried, image - self.stylised
        scale = UNITS / image.numel()
        pull = from_carried * (self.temporal_weight * self.trust)
        push = from_stylised * self.pixel_weight
        loss = scale * (torch.linalg.vecdot(pull.flatten(), from_carried.flatten()) + torch.linalg.vecdot(push.flatten(), from_stylised.flatten()))
        gradient = pull.add_(push).mul_(2 * scale)
        if self.tv_weight:
            tv, tv_gradient = total_variation(image)
            loss, gradient = loss + self.tv_weight * UNITS * tv, gradient.add_(tv_gradient, alpha=self.tv_weight * UNITS)
        return loss, gradient


def total_variation(
    image: Tensor,  # [3, H, W] float32
) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
    """Return the squared differences of neighbours, per picture element, and their gradient."""
    across, down = image[:, :, 1:] - image[:, :, :-1], image[:, 1:] - image[:, :-1]
    gradient = torch.zeros_like(image)
    gradient[:, :, 1:] += across
    gradient[:, :, :-1] -= across
    gradient[:, 1:] += down
    gradient[:, :-1] -= down
    return (across.square().sum() + down.square().sum()) / image.numel(), gradient.mul_(2 / image.numel())
