"""Temporal consistency: each stylised frame is drawn towards the previous outputs, warped along the flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from streamstyle.frames import Feedback, LookbackWindow, StylisedFrame, outputs_from_feedback, outputs_to_feedback
from streamstyle.gpu.cuda_graph import capture
from streamstyle.gpu.memory import Warn, ignore_warning
from streamstyle.models.vgg import VggFeatures
from streamstyle.ops.image import LEVELS_SQUARED
from streamstyle.ops.layers import correct_tone
from streamstyle.ops.temporal import CarriedOutput, TemporalTerm, carry_outputs, temporal_term, total_variation
from streamstyle.optimise.frame_optimiser import FrameOptimiser
from streamstyle.settings import ConsistencySettings

_TONE_SHARE = 0.3
"""Share of a difference in tone that `--tone` corrects per frame; `live` corrects more."""

_LOSSES = ("perceptual", "style", "temporal", "pixel", "tv")


def consistency(
    frames: Iterable[StylisedFrame],
    settings: ConsistencySettings,
    network: VggFeatures | None,
    warn: Warn = ignore_warning,
    feedback: Feedback | None = None,  # of the frame before the first, if the run is resumed
) -> Iterator[StylisedFrame]:
    """Yield every frame drawn towards its own stylisation and towards the previous outputs.

    The first frame of a shot is left as it is. Without a loss `network`, or with 0 iterations, the output is the exact
    minimiser of the temporal and pixel terms. Outputs are carried in float, never rounded to 8 bits. Where a GPU runs
    out of memory, frames are optimised with less of it, and `warn` is called.
    """
    optimise: FrameOptimiser | None = None
    if network is not None and settings.iterations > 0:
        optimise = FrameOptimiser(network, settings, warn, capture if network.mean.is_cuda else None)
    window = LookbackWindow(settings.lookback, outputs_from_feedback(feedback or {}))
    for stylised in frames:
        output = stylised
        if stylised.flowed.motion is None:
            window.start_shot()
        else:
            carried = carry_outputs(window.by_gap(), stylised.flowed.motions)
            if settings.tone:
                carried = replace(
                    carried, image=correct_tone(carried.image, stylised.per_frame, carried.trust, _TONE_SHARE)
                )
            output = _stabilise(stylised, carried, settings, optimise)
        window.append(output.image)
        yield replace(output, feedback=outputs_to_feedback(window))


def _stabilise(
    stylised: StylisedFrame, carried: CarriedOutput, settings: ConsistencySettings, optimise: FrameOptimiser | None
) -> StylisedFrame:
    term = temporal_term(
        carried=carried.image,
        stylised=stylised.per_frame,
        trust=carried.trust,
        temporal_weight=settings.effective_temporal_weight,
        pixel_weight=settings.effective_pixel_weight,
        tv_weight=settings.tv_weight,
    )
    if optimise is None:
        return replace(stylised, image=term.centre.clamp(0, 1))
    image, found = optimise(term, stylised.per_frame)
    losses = torch.cat((found[:2], _quadratic_losses(image, term, stylised.per_frame, carried, settings)))
    return replace(stylised, image=image.clamp(0, 1), losses=dict(zip(_LOSSES, losses.tolist(), strict=True)))


def _quadratic_losses(
    image: Tensor, term: TemporalTerm, per_frame: Tensor, carried: CarriedOutput, settings: ConsistencySettings
) -> Tensor:
    """Return the temporal, pixel and tv terms of `image` one by one, [3]; the optimiser needs only their sum."""
    temporal = settings.effective_temporal_weight * ((image - carried.image).square_() * carried.trust).mean()
    pixel = settings.effective_pixel_weight * (image - per_frame).square_().mean()
    tv, _ = total_variation(image - term.centre)
    return LEVELS_SQUARED * torch.stack((temporal, pixel, settings.tv_weight * tv))
