"""The terms that tie a frame to the previous output, warped, and to its own stylisation.

Differences are in 0..255 units and terms are means over H·W·3, so a weight means the same at every size:

    temporal · mean(c (x - W)²) + pixel · mean((x - J)²) + tv · TV(x - centre)

The first two are one parabola a pixel: of stiffness temporal c + pixel, around (temporal c W + pixel J) / stiffness,
above a floor that no x gets under. Total variation is that of the change from this centre, not of the picture: it
keeps the grain out that a loss network likes to add, and blurs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from streamstyle.frames import Motion
from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.image import LEVELS_SQUARED
from streamstyle.ops.transfer import to_device
from streamstyle.ops.warp import backward_warp


@dataclass(frozen=True, slots=True)
class TemporalTerm:
    """The quadratic part of the objective of one frame."""

    centre: Tensor
    """[3, H, W] float32 in [0, 1]: the exact minimiser of the temporal and pixel terms."""
    weight: Tensor
    """[H, W] float32: temporal c + pixel."""
    minimum: Tensor
    """Scalar: the value at the centre."""
    tv_weight: float

    def curvature(self) -> Tensor:  # [1, H, W]
        """Return the second derivative of the term with respect to each pixel, which has four neighbours."""
        return (2 * LEVELS_SQUARED / self.centre.numel()) * (self.weight[None] + 4 * self.tv_weight)

    def loss_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
        """Return the term and its exact gradient; soft masks weigh both."""
        if kernels := find_kernels(image, self.centre, self.weight):
            gradient, loss = kernels.run(
                "temporal_loss_and_gradient",
                image, self.centre, self.weight, self.tv_weight, scale=LEVELS_SQUARED / image.numel(),
            )  # fmt: skip
            return loss + self.minimum, gradient
        return self.torch_loss_and_gradient(image)

    def torch_loss_and_gradient(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `loss_and_gradient` does: its specification."""
        away = image - self.centre
        tv, gradient = total_variation(away)
        pull = away * self.weight
        scale = LEVELS_SQUARED / image.numel()
        loss = self.minimum + scale * torch.dot(pull.flatten(), away.flatten()) + self.tv_weight * LEVELS_SQUARED * tv
        return loss, gradient.mul_(self.tv_weight * LEVELS_SQUARED).add_(pull, alpha=2 * scale)


def temporal_term(
    carried: Tensor,  # [3, H, W] float32 in [0, 1]: W, the previous output warped to this frame
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]: J, this frame's own stylisation
    trust: Tensor,  # [H, W] float32 in [0, 1]: c, the consistency weight
    temporal_weight: float,
    pixel_weight: float,
    tv_weight: float = 0.0,
) -> TemporalTerm:
    """Return the term of one frame; where neither weight holds a pixel its centre is its own stylisation."""
    if kernels := find_kernels(carried, stylised, trust):
        centre, weight, minimum = kernels.run(
            "temporal_term",
            carried,
            stylised,
            trust,
            temporal_weight,
            pixel_weight,
            scale=LEVELS_SQUARED / carried.numel(),
        )
        return TemporalTerm(centre, weight, minimum, tv_weight)
    return torch_temporal_term(carried, stylised, trust, temporal_weight, pixel_weight, tv_weight)


def torch_temporal_term(
    carried: Tensor,
    stylised: Tensor,
    trust: Tensor,
    temporal_weight: float,
    pixel_weight: float,
    tv_weight: float = 0.0,
) -> TemporalTerm:
    """Return what `temporal_term` does: its specification."""
    pull = temporal_weight * trust
    weight = pull + pixel_weight
    share = torch.where(weight > 0, pull / weight.clamp_min(1e-12), 0.0)
    minimum = (LEVELS_SQUARED / carried.numel()) * (pixel_weight * share * (carried - stylised).square()).sum()
    return TemporalTerm(torch.lerp(stylised, carried, share), weight, minimum, tv_weight)


def total_variation(
    image: Tensor,  # [3, H, W] float32
) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
    """Return the squared differences of neighbours, per picture element, and their gradient."""
    gradient = torch.zeros_like(image)
    for axis in (1, 2):
        steps = image.diff(dim=axis)
        size = steps.shape[axis]
        gradient.narrow(axis, 1, size).add_(steps)
        gradient.narrow(axis, 0, size).sub_(steps)
    gradient.mul_(2 / image.numel())
    return 0.5 * torch.dot(image.flatten(), gradient.flatten()), gradient  # a quadratic form: half of x times its slope


@dataclass(frozen=True, slots=True)
class CarriedOutput:
    """One picture that earlier outputs agree on, and how far to trust it."""

    image: Tensor
    """[3, H, W] float32: the previous output, warped to this frame; further ones where it does not show a place."""
    trust: Tensor
    """[H, W] float32 in [0, 1]."""


def carry_outputs(
    outputs: Mapping[int, Tensor],  # by frames back, [3, H, W] float32 in [0, 1] each
    motions: Sequence[Motion],  # the nearest first, one at least
) -> CarriedOutput:
    """Return what outputs show of a frame that follows from them by `motions`.

    Of frames further back counts what no nearer one shows: each weighs max(c_j - sum of the nearer c, 0) (Ruder et al.
    2016, section 5.2). Several parabolas a pixel are one again, sum_j c_j (x - W_j)^2 = C (x - W)^2 + a constant, with
    C the sum of the weights and W the mean by them; the constant is left out.
    """
    nearest, *further = motions
    carried, trust = _warp_output(outputs, nearest)
    known = trust
    for motion in further:
        shown, weight = _warp_output(outputs, motion)
        new = (weight - known).clamp_min_(0)
        known, trust = known + weight, trust + new
        carried = carried.lerp(shown, new / trust.clamp_min(1e-12))
    return CarriedOutput(carried, trust)


def _warp_output(outputs: Mapping[int, Tensor], motion: Motion) -> tuple[Tensor, Tensor]:
    output = outputs[motion.gap]
    return backward_warp(output, to_device(motion.backward, output.device)), to_device(motion.weight, output.device)
