"""Every frame optimised towards the painting itself (Ruder, Dosovitskiy & Brox, arXiv 1604.08610)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from streamstyle.frame import FlowedFrame, StylisedFrame
from streamstyle.nets.descent import losses_and_gradient
from streamstyle.nets.loss_network import CONTENT_LAYER, LossNetwork
from streamstyle.nets.perceptual import Targets
from streamstyle.ops.lbfgs import minimise
from streamstyle.ops.pixels import UNITS, to_tensor, with_colours_of
from streamstyle.ops.temporal import TemporalTerm, temporal_term, total_variation
from streamstyle.ops.warp import backward_warp
from streamstyle.settings import Init, Settings, StyleSettings

_LOSSES = ("content", "style", "smooth", "temporal")


def optimise(
    frames: Iterable[FlowedFrame],
    grams: Mapping[str, Tensor],  # of the painting: style layer → [1, C, C] float32
    network: LossNetwork,
    settings: Settings,
    device: torch.device,
) -> Iterator[StylisedFrame]:
    """Yield every frame painted: its content, the painting's style, and what the previous output shows of it.

    The first frame of a shot has no previous output and more iterations. No style network takes part: `naive` is the
    frame itself. What is carried over stays in float, never rounded to 8 bits.
    """
    previous: Tensor | None = None
    for flowed in frames:
        image = to_tensor(flowed.frame.image, device)
        iterations, term = settings.consistency.iterations, None
        start = image
        if flowed.motion is None or previous is None:
            iterations = max(iterations, settings.ruder.first_iterations)
        else:
            carried = backward_warp(previous, flowed.motion.backward.to(device))
            trust = flowed.motion.weight.to(device)
            term = temporal_term(carried, image, trust, settings.consistency.temporal_weight, pixel_weight=0)
            start = {Init.previous: previous, Init.previous_warped: carried}.get(settings.ruder.init, image)
        if settings.ruder.init is Init.random:
            start = _noise(flowed.frame.index, image)
        objective = _Objective(network, _targets(network, image, grams), term, settings)
        found, losses = minimise(objective, start, None, iterations)
        previous = found.clamp(0, 1)
        shown, terms = _shown(image, previous, settings.style), dict(zip(_LOSSES, losses.tolist(), strict=True))
        yield StylisedFrame(flowed, shown, naive=image, losses=terms)


class _Objective:
    """The value of a picture for one frame, and how it changes with it."""

    def __init__(self, network: LossNetwork, targets: Targets, term: TemporalTerm | None, settings: Settings) -> None:
        self._network, self._targets, self._term = network, targets, term
        self._weights = settings.ruder

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:  # [4], [3, H, W]
        weights = self._weights
        of_network, gradient = losses_and_gradient(
            self._network, image, self._targets, weights.content_weight, weights.painting_weight
        )
        roughness, slope = total_variation(image)
        gradient.add_(slope, alpha=weights.smooth_weight * UNITS)
        temporal = torch.zeros_like(roughness)
        if self._term is not None:
            temporal, pull = self._term.loss_and_gradient(image)
            gradient.add_(pull)
        quadratic = torch.stack((weights.smooth_weight * UNITS * roughness, temporal))
        return torch.cat((of_network, quadratic)), gradient


def _targets(network: LossNetwork, image: Tensor, grams: Mapping[str, Tensor]) -> Targets:
    with torch.no_grad():
        return Targets(network(image[None], [CONTENT_LAYER])[CONTENT_LAYER], grams)


def _noise(index: int, image: Tensor) -> Tensor:
    """Return a picture of noise, the same for the same frame in every run."""
    generator = torch.Generator().manual_seed(index)
    return torch.rand(image.shape, generator=generator).to(image.device)


def _shown(image: Tensor, painted: Tensor, settings: StyleSettings) -> Tensor:
    mixed = image.lerp(painted, settings.strength) if settings.strength < 1 else painted
    return with_colours_of(image, mixed) if settings.preserve_colour else mixed
