"""Every frame optimised towards the painting itself (Ruder, Dosovitskiy & Brox, arXiv 1604.08610)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from streamstyle.frame import FlowedFrame, StylisedFrame
from streamstyle.nets.descent import losses_and_gradient
from streamstyle.nets.loss_network import CONTENT_LAYER, LossNetwork
from streamstyle.nets.perceptual import Targets
from streamstyle.ops.lbfgs import minimise
from streamstyle.ops.past import Past, past_of
from streamstyle.ops.pixels import UNITS, to_tensor, with_colours_of
from streamstyle.ops.temporal import TemporalTerm, temporal_term, total_variation
from streamstyle.settings import Init, Settings, StyleSettings

_LOSSES = ("content", "style", "smooth", "temporal")


def optimise(
    frames: Iterable[FlowedFrame],
    grams: Mapping[str, Tensor],  # of the painting: style layer → [1, C, C] float32
    network: LossNetwork,
    settings: Settings,
    device: torch.device,
) -> Iterator[StylisedFrame]:
    """Yield every frame painted: its content, the painting's style, and what the outputs before it show of it.

    The first frame of a shot has none before it and more iterations. No style network takes part: `naive` is the
    frame itself. What is carried over stays in float, never rounded to 8 bits.
    """
    outputs: deque[Tensor] = deque(maxlen=settings.consistency.lookback[-1])
    for flowed in frames:
        if flowed.motion is None:
            outputs.clear()
        image = to_tensor(flowed.frame.image, device)
        past = past_of(outputs, flowed.motions) if outputs else None
        objective = _Objective(network, _targets(network, image, grams), _temporal(past, image, settings), settings)
        start = _start(flowed.frame.index, image, outputs, past, settings.ruder.init)
        painted = minimise(objective, start, None, _iterations(past, settings)).clamp(0, 1)
        outputs.append(painted)
        yield StylisedFrame(flowed, _shown(image, painted, settings.style), naive=image, losses=objective.lowest())


class _Objective:
    """The value of a picture for one frame, and how it changes with it."""

    def __init__(self, network: LossNetwork, targets: Targets, term: TemporalTerm | None, settings: Settings) -> None:
        self._network, self._targets, self._term = network, targets, term
        self._weights = settings.ruder
        self._met: list[Tensor] = []

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:  # scalar, [3, H, W]
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
        self._met.append(torch.cat((of_network, torch.stack((weights.smooth_weight * UNITS * roughness, temporal)))))
        return self._met[-1].sum(), gradient

    def lowest(self) -> dict[str, float]:
        """Return the terms where their sum was the lowest met: there the descent has ended."""
        met = torch.stack(self._met)
        return dict(zip(_LOSSES, met[int(met.sum(1).nan_to_num(torch.inf).argmin())].tolist(), strict=True))


def _targets(network: LossNetwork, image: Tensor, grams: Mapping[str, Tensor]) -> Targets:
    with torch.no_grad():
        return Targets(network(image[None], [CONTENT_LAYER])[CONTENT_LAYER], grams)


def _temporal(past: Past | None, image: Tensor, settings: Settings) -> TemporalTerm | None:
    if past is None:
        return None
    return temporal_term(past.carried, image, past.trust, settings.consistency.temporal_weight, pixel_weight=0)


def _iterations(past: Past | None, settings: Settings) -> int:
    usual = settings.consistency.iterations
    return usual if past is not None else max(usual, settings.ruder.first_iterations)


def _start(index: int, image: Tensor, outputs: Sequence[Tensor], past: Past | None, init: Init) -> Tensor:
    if init is Init.random:
        return _noise(index, image)
    if past is None or init is Init.image:
        return image
    return past.carried if init is Init.previous_warped else outputs[-1]


def _noise(index: int, image: Tensor) -> Tensor:
    """Return a picture of noise, the same for the same frame in every run."""
    generator = torch.Generator().manual_seed(index)
    return torch.rand(image.shape, generator=generator).to(image.device)


def _shown(image: Tensor, painted: Tensor, settings: StyleSettings) -> Tensor:
    mixed = image.lerp(painted, settings.strength) if settings.strength < 1 else painted
    return with_colours_of(image, mixed) if settings.preserve_colour else mixed
