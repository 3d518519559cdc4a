"""What stands still in the scene stands still in the picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from streamstyle.frame import StylisedFrame
from streamstyle.nets.descent import losses_and_gradient
from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.perceptual import targets_of
from streamstyle.ops.lbfgs import minimise
from streamstyle.ops.past import Past, past_of
from streamstyle.ops.pixels import UNITS
from streamstyle.ops.temporal import TemporalTerm, temporal_term, total_variation
from streamstyle.settings import ConsistencySettings

SETTLED = 2e-3
"""Share of the objective; a frame is done when an iteration gains less."""


def consistency(
    frames: Iterable[StylisedFrame],
    settings: ConsistencySettings,
    network: LossNetwork | None,
) -> Iterator[StylisedFrame]:
    """Yield every frame drawn towards its own stylisation and towards the outputs before it.

    The first frame of a shot is its stylisation. Without a network, or with 0 iterations, the output is the exact
    minimiser of the temporal and pixel terms. What is carried over stays in float, never rounded to 8 bits.
    """
    outputs: deque[Tensor] = deque(maxlen=settings.lookback[-1])
    for painted in frames:
        steady = painted
        if painted.flowed.motion is None:
            outputs.clear()
        else:
            steady = _follow(past_of(outputs, painted.flowed.motions), painted, settings, network)
        outputs.append(steady.image)
        yield steady


def _follow(
    past: Past, painted: StylisedFrame, settings: ConsistencySettings, network: LossNetwork | None
) -> StylisedFrame:
    term = temporal_term(
        carried=past.carried,
        stylised=painted.naive,
        trust=past.trust,
        temporal_weight=settings.temporal_weight,
        pixel_weight=settings.pixel_weight,
        tv_weight=settings.tv_weight,
    )
    if network is None or settings.iterations == 0:
        return replace(painted, image=term.centre.clamp(0, 1))
    image, network_losses = _optimised(term, painted.naive, settings, network)
    losses = torch.cat((network_losses, _quadratic_losses(image, term, painted.naive, past, settings)))
    return replace(painted, image=image.clamp(0, 1), losses=dict(zip(_LOSSES, losses.tolist(), strict=True)))


_LOSSES = ("perceptual", "style", "temporal", "pixel", "tv")


def _optimised(
    term: TemporalTerm, stylised: Tensor, settings: ConsistencySettings, network: LossNetwork
) -> tuple[Tensor, Tensor]:
    """Return the picture of the lowest objective, and its perceptual and style loss as they were met on the way."""
    targets = targets_of(network, stylised[None])
    met: list[tuple[Tensor, Tensor]] = []

    def total(image: Tensor) -> tuple[Tensor, Tensor]:
        losses, gradient = losses_and_gradient(
            network, image, targets, settings.perceptual_weight, settings.style_weight
        )
        quadratic, quadratic_gradient = term.loss_and_gradient(image)
        met.append((losses.sum() + quadratic, losses))
        return met[-1][0], gradient.add_(quadratic_gradient)

    # With a pixel weight of 0 the quadratic term says nothing of occluded places: a floor keeps steps there finite.
    curvature = term.curvature()
    image = minimise(total, term.centre, curvature.clamp_min(0.05 * curvature.max()), settings.iterations, SETTLED)
    objectives = torch.stack([objective for objective, _ in met]).nan_to_num(torch.inf)
    return image, met[int(objectives.argmin())][1]  # the descent ends at the lowest it met


def _quadratic_losses(
    image: Tensor, term: TemporalTerm, stylised: Tensor, past: Past, settings: ConsistencySettings
) -> Tensor:
    """Return the temporal, pixel and tv terms of `image` each alone, [3]; the descent needs their sum only."""
    temporal = settings.temporal_weight * ((image - past.carried).square_() * past.trust).mean()
    pixel = settings.pixel_weight * (image - stylised).square_().mean()
    tv, _ = total_variation(image - term.centre)
    return UNITS * torch.stack((temporal, pixel, settings.tv_weight * tv))
