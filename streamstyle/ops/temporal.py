"""The temporal term, which holds a frame to the warped previous output and to its own stylisation.

Differences are in 0..255 units and terms are means over H·W·3, so that a weight means the same at every size:

    temporal · mean(c (x - W)²) + pixel · mean((x - J)²) + tv · TV(x - centre)

The first two are one parabola per pixel, weight (x - centre)² + minimum, with weight = temporal c + pixel and centre =
(temporal c W + pixel J) / weight. The total variation is that of x - centre, not of x: it suppresses the grain that a
loss network adds, without blurring the image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from streamstyle.frames import Motion
from streamstyle.gpu.dispatch import find_kernels
from streamstyle.ops.image import LEVELS_SQUARED
from streamstyle.ops.screened_poisson import solve_screened_poisson
from streamstyle.ops.transfer import to_device
from streamstyle.ops.warp import WarpMode, backward_warp


@dataclass(frozen=True, slots=True)
class TemporalTerm:
    """The quadratic part of a frame's objective."""

    centre: Tensor
    """[3, H, W] float32 in [0, 1]: the exact minimiser of the temporal and pixel terms."""
    weight: Tensor
    """[H, W] float32: temporal c + pixel."""
    minimum: Tensor
    """Scalar: the loss at the centre."""
    tv_weight: float

    def inverse_hessian(
        self,
        gradient: Tensor,  # [3, H, W] float32
        extra_weight: float = 0.0,  # added to `weight`
        factor: float = 1.0,  # on the second derivatives
    ) -> Tensor:  # [3, H, W]
        """Return the inverse of the term's second derivatives times the gradient, approximately.

        It is not diagonal: the total variation ties a pixel to its neighbours, at its usual weight more firmly than the
        weight of the pixel holds it.
        """
        scale = factor * 2 * LEVELS_SQUARED / self.centre.numel()
        weight = (self.weight + extra_weight).clamp_min_(1e-6).mul_(scale)
        return solve_screened_poisson(gradient, weight, self.tv_weight * scale)

    def loss_and_gradient(
        self,
        image: Tensor,  # [3, H, W] float32
    ) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
        """Return the loss and its exact gradient."""
        if kernels := find_kernels(image, self.centre, self.weight):
            gradient, loss = kernels.run(
                "temporal_loss_and_gradient",
                image, self.centre, self.weight, self.tv_weight, scale=LEVELS_SQUARED / image.numel(),
            )  # fmt: skip
            return loss + self.minimum, gradient
        return self.torch_loss_and_gradient(image)

    def torch_loss_and_gradient(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The torch twin of `loss_and_gradient`, and its specification."""
        offset = image - self.centre
        tv, gradient = total_variation(offset)
        weighted = offset * self.weight
        scale = LEVELS_SQUARED / image.numel()
        quadratic = scale * torch.dot(weighted.flatten(), offset.flatten())
        loss = self.minimum + quadratic + self.tv_weight * LEVELS_SQUARED * tv
        return loss, gradient.mul_(self.tv_weight * LEVELS_SQUARED).add_(weighted, alpha=2 * scale)


def temporal_term(
    carried: Tensor,  # [3, H, W] float32 in [0, 1]: W, the previous output warped to this frame
    stylised: Tensor,  # [3, H, W] float32 in [0, 1]: J, this frame's own stylisation
    trust: Tensor,  # [H, W] float32 in [0, 1]: c, the consistency weight
    temporal_weight: float,
    pixel_weight: float,
    tv_weight: float = 0.0,
) -> TemporalTerm:
    """Return the term of one frame. Where the weight of a pixel is 0, its centre is its own stylisation."""
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
    """The torch twin of `temporal_term`, and its specification."""
    temporal = temporal_weight * trust
    weight = temporal + pixel_weight
    carried_share = torch.where(weight > 0, temporal / weight.clamp_min(1e-12), 0.0)
    minimum = (LEVELS_SQUARED / carried.numel()) * (pixel_weight * carried_share * (carried - stylised).square()).sum()
    return TemporalTerm(torch.lerp(stylised, carried, carried_share), weight, minimum, tv_weight)


def total_variation(
    image: Tensor,  # [3, H, W] float32
) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
    """Return the sum of squared differences of neighbours over the number of elements, and its gradient."""
    gradient = torch.zeros_like(image)
    for axis in (1, 2):
        steps = image.diff(dim=axis)
        size = steps.shape[axis]
        gradient.narrow(axis, 1, size).add_(steps)
        gradient.narrow(axis, 0, size).sub_(steps)
    gradient.mul_(2 / image.numel())
    return 0.5 * torch.dot(image.flatten(), gradient.flatten()), gradient  # a quadratic form is x · gradient / 2


@dataclass(frozen=True, slots=True)
class CarriedOutput:
    """Previous outputs, warped to a frame and merged into one image, with its trust."""

    image: Tensor
    """[C, H, W] float32: the nearest output, and outputs further back where it is not trusted."""
    trust: Tensor
    """[H, W] float32 in [0, 1]."""


def carry_outputs(
    outputs: Mapping[int, Tensor],  # frames back → [C, H, W] float32
    motions: Sequence[Motion],  # the nearest first, at least one
    mode: WarpMode = "bicubic",
) -> CarriedOutput:
    """Return previous outputs warped to a frame by its `motions` and merged.

    The weight of an output is max(c_j - sum of the weights of nearer ones, 0) (Ruder et al. 2016, section 5.2). Several
    parabolas per pixel are one: sum_j c_j (x - W_j)^2 = C (x - W)^2 + a constant, with C the sum of the weights and W
    the weighted mean; the constant is omitted.
    """
    nearest, *further = motions
    carried, trust = _warp_output(outputs, nearest, mode)
    nearer = trust
    for motion in further:
        warped, weight = _warp_output(outputs, motion, mode)
        exclusive = (weight - nearer).clamp_min_(0)
        nearer, trust = nearer + weight, trust + exclusive
        carried = carried.lerp(warped, exclusive / trust.clamp_min(1e-12))
    return CarriedOutput(carried, trust)


def _warp_output(outputs: Mapping[int, Tensor], motion: Motion, mode: WarpMode) -> tuple[Tensor, Tensor]:
    output = outputs[motion.gap]
    warped = backward_warp(output, to_device(motion.backward, output.device), mode)
    return warped, to_device(motion.weight, output.device)
