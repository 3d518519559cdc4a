"""What stands still in the scene stands still in the picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from streamstyle.frames import StylisedFrame
from streamstyle.gpu.cuda_graph import capture
from streamstyle.gpu.memory import Warn, ignore_warning
from streamstyle.models.vgg import VggFeatures
from streamstyle.ops.image import LEVELS_SQUARED
from streamstyle.ops.temporal import CarriedOutput, TemporalTerm, carry_outputs, temporal_term, total_variation
from streamstyle.optimise.frame_optimiser import FrameOptimiser
from streamstyle.settings import ConsistencySettings


def consistency(
    frames: Iterable[StylisedFrame],
    settings: ConsistencySettings,
    network: VggFeatures | None,
    warn: Warn = ignore_warning,
    carried: Sequence[Tensor] = (),  # [3, H, W] float32 in [0, 1] each: outputs before the first frame, the latest last
) -> Iterator[StylisedFrame]:
    """Yield every frame drawn towards its own stylisation and towards the outputs before it.

    The first frame of a shot is its stylisation. Without a network, or with 0 iterations, the output is the exact
    minimiser of the temporal and pixel terms. What is carried over stays in float, never rounded to 8 bits. Where a
    GPU runs out of memory a frame is worked on with less, and `warn` is told.
    """
    optimise: FrameOptimiser | None = None
    if network is not None and settings.iterations > 0:
        optimise = FrameOptimiser(network, settings, warn, capture if network.mean.is_cuda else None)
    outputs: deque[Tensor] = deque(carried, maxlen=settings.lookback[-1])
    for painted in frames:
        steady = painted
        if painted.flowed.motion is None:
            outputs.clear()
        else:
            steady = _stabilise(carry_outputs(outputs, painted.flowed.motions), painted, settings, optimise)
        outputs.append(steady.image)
        yield steady


def _stabilise(
    past: CarriedOutput, painted: StylisedFrame, settings: ConsistencySettings, optimise: FrameOptimiser | None
) -> StylisedFrame:
    term = temporal_term(
        carried=past.image,
        stylised=painted.per_frame,
        trust=past.trust,
        temporal_weight=settings.temporal_weight,
        pixel_weight=settings.pixel_weight,
        tv_weight=settings.tv_weight,
    )
    if optimise is None:
        return replace(painted, image=term.centre.clamp(0, 1))
    image, found = optimise(term, painted.per_frame)
    losses = torch.cat((found[:2], _quadratic_losses(image, term, painted.per_frame, past, settings)))
    return replace(painted, image=image.clamp(0, 1), losses=dict(zip(_LOSSES, losses.tolist(), strict=True)))


_LOSSES = ("perceptual", "style", "temporal", "pixel", "tv")


def _quadratic_losses(
    image: Tensor, term: TemporalTerm, stylised: Tensor, past: CarriedOutput, settings: ConsistencySettings
) -> Tensor:
    """Return the temporal, pixel and tv terms of `image` each alone, [3]; the descent needs their sum only."""
    temporal = settings.temporal_weight * ((image - past.image).square_() * past.trust).mean()
    pixel = settings.pixel_weight * (image - stylised).square_().mean()
    tv, _ = total_variation(image - term.centre)
    return LEVELS_SQUARED * torch.stack((temporal, pixel, settings.tv_weight * tv))
