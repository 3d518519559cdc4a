"""What stands still in the scene stands still in the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from torch import Tensor

from streamstyle.frame import Motion, StylisedFrame
from streamstyle.nets.descent import loss_and_gradient
from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.perceptual import targets_of
from streamstyle.ops.lbfgs import minimise
from streamstyle.ops.temporal import TemporalTerm, temporal_term
from streamstyle.ops.warp import backward_warp
from streamstyle.settings import ConsistencySettings

SETTLED = 2e-3
"""Share of the objective; a frame is done when an iteration gains less."""


def consistency(
    frames: Iterable[StylisedFrame],
    settings: ConsistencySettings,
    network: LossNetwork | None,
) -> Iterator[StylisedFrame]:
    """Yield every frame drawn towards its own stylisation and towards the previous output.

    The first frame of a shot is its stylisation. Without a network, or with 0 iterations, the output is the exact
    minimiser of the temporal and pixel terms. What is carried over stays in float, never rounded to 8 bits.
    """
    previous: Tensor | None = None
    for painted in frames:
        motion = painted.flowed.motion
        if motion is not None and previous is not None:
            previous = _follow(previous, painted.image, motion, settings, network)
        else:
            previous = painted.image
        yield replace(painted, image=previous)


def _follow(
    previous: Tensor,
    stylised: Tensor,
    motion: Motion,
    settings: ConsistencySettings,
    network: LossNetwork | None,
) -> Tensor:
    device = stylised.device
    term = temporal_term(
        carried=backward_warp(previous, motion.backward.to(device)),
        stylised=stylised,
        trust=motion.weight.to(device),
        temporal_weight=settings.temporal_weight,
        pixel_weight=settings.pixel_weight,
        tv_weight=settings.tv_weight,
    )
    image = term.centre
    if network is not None and settings.iterations > 0:
        image = _optimise(term, stylised, settings, network)
    return image.clamp(0, 1)


def _optimise(term: TemporalTerm, stylised: Tensor, settings: ConsistencySettings, network: LossNetwork) -> Tensor:
    targets = targets_of(network, stylised[None])

    def total(image: Tensor) -> tuple[Tensor, Tensor]:
        loss, gradient = loss_and_gradient(network, image, targets, settings.perceptual_weight, settings.style_weight)
        quadratic, quadratic_gradient = term.loss_and_gradient(image)
        return loss + quadratic, gradient.add_(quadratic_gradient)

    # With a pixel weight of 0 the quadratic term says nothing of occluded places: a floor keeps steps there finite.
    curvature = term.curvature()
    return minimise(total, term.centre, curvature.clamp_min(0.05 * curvature.max()), settings.iterations, SETTLED)
