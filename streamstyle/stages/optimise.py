"""Every frame optimised towards the painting itself, and towards the outputs before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from streamstyle.frame import FrameWithFlow, StylisedFrame
from streamstyle.ops.past import CarriedOutput, carry_outputs
from streamstyle.ops.transfer import to_device, image_to_device
from streamstyle.optimise.frame_optimiser import RuderOptimiser
from streamstyle.settings import Init, Settings


def optimise_frames(
    frames: Iterable[FrameWithFlow],
    brush: RuderOptimiser,
    settings: Settings,
    device: torch.device,
    carried: Sequence[Tensor] = (),  # [3, H, W] float32 in [0, 1] each: outputs before the first frame, the latest last
) -> Iterator[StylisedFrame]:
    """Yield every frame painted: its content, the painting's style, and what the outputs before it show of it.

    The first frame of a shot has none before it and more iterations. No style network takes part: `naive` is the
    frame itself. What is carried over stays in float, never rounded to 8 bits.
    """
    outputs: deque[Tensor] = deque(carried, maxlen=settings.consistency.lookback[-1])
    for flowed in frames:
        if flowed.motion is None:
            outputs.clear()
        image = image_to_device(flowed.frame.image, device)
        past = carry_outputs(outputs, flowed.motions) if outputs else None
        start = _start(flowed.frame.index, image, outputs, past, settings.ruder.init)
        painted, losses = brush(image, past, start, _iterations(past, settings))
        outputs.append(painted)
        yield StylisedFrame(flowed, painted, naive=image, losses=losses)


def _iterations(past: CarriedOutput | None, settings: Settings) -> int:
    usual = settings.consistency.iterations
    return usual if past is not None else max(usual, settings.ruder.first_iterations)


def _start(index: int, image: Tensor, outputs: Sequence[Tensor], past: CarriedOutput | None, init: Init) -> Tensor:
    if init is Init.random:
        return _noise(index, image)
    if past is None or init is Init.image:
        return image
    return past.image if init is Init.previous_warped else outputs[-1]


def _noise(index: int, image: Tensor) -> Tensor:
    """Return a picture of noise, the same for the same frame in every run."""
    generator = torch.Generator().manual_seed(index)
    return to_device(torch.rand(image.shape, generator=generator), image.device)
