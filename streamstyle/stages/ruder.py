"""Every frame optimised towards the painting itself, and towards the outputs before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from streamstyle.frames import FrameWithFlow, Motion, StylisedFrame
from streamstyle.ops.image import preserve_colour
from streamstyle.ops.temporal import CarriedOutput, carry_outputs
from streamstyle.ops.transfer import image_to_device, to_device
from streamstyle.optimise.frame_optimiser import RuderOptimiser
from streamstyle.settings import Init, Settings, StyleSettings


def optimise_frames(
    frames: Iterable[FrameWithFlow],
    brush: RuderOptimiser,
    settings: Settings,
    device: torch.device,
    carried: Sequence[Tensor] = (),  # [3, H, W] float32 in [0, 1] each: outputs before the first frame, the latest last
) -> Iterator[StylisedFrame]:
    """Yield every frame painted: its content, the painting's style, and what the outputs before it show of it.

    The first frame of a shot has none before it and more iterations. No style network takes part: `per_frame` is the
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
        yield StylisedFrame(flowed, painted, per_frame=image, losses=losses)


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


BLEND = 0.5
"""Share of its neighbour, where that is to be trusted, that a frame starts from; the rest is its own picture."""

_MAX_PART_BYTES = 512 << 20
_BYTES_A_PIXEL = 3 + 3 * 3 * 4 + 2 * 3 * 4
"""Of a frame, three pictures of it in float32, and motion both ways."""


def multi_pass(painted: Iterable[StylisedFrame], brush: RuderOptimiser, settings: Settings) -> Iterator[StylisedFrame]:
    """Yield every frame painted again in each pass after the first, by turns backward and forward through its shot.

    A frame starts from a blend of its own picture and its neighbour's, the one painted just before in this pass, and is
    held to that. Shots that take more than 512 MB are swept in parts; a part's first frame is held to the last of the
    part before, which is done. What a frame looks like is known once its part is.
    """
    if settings.ruder.passes == 1:
        yield from painted
        return
    done: Tensor | None = None
    for part in _parts(painted):
        if part[0].flowed.motion is None:
            done = None
        for number in range(1, settings.ruder.passes):
            direction = _backward if number % 2 else _forward
            direction(part, done, brush, settings.consistency.iterations)
        done = part[-1].image
        while part:
            yield part.pop(0)  # what is handed on is not held while the next part gathers


def _parts(painted: Iterable[StylisedFrame]) -> Iterator[list[StylisedFrame]]:
    """Yield runs of frames of one shot, as long as memory allows, two at least."""
    part: list[StylisedFrame] = []
    for frame in painted:
        height, width = frame.image.shape[-2:]
        if part and (
            frame.flowed.motion is None or len(part) >= max(2, _MAX_PART_BYTES // (_BYTES_A_PIXEL * height * width))
        ):
            yield part
            part = []
        part.append(frame)
    if part:
        yield part


def _backward(part: list[StylisedFrame], done: Tensor | None, brush: RuderOptimiser, iterations: int) -> None:
    for index in range(len(part) - 2, -1, -1):
        frame, after = part[index], part[index + 1]
        if index == 0 and done is not None:
            part[index] = _optimise_again(frame, done, frame.flowed.motion, brush, iterations)
        else:
            part[index] = _optimise_again(frame, after.image, after.flowed.reverse, brush, iterations)


def _forward(part: list[StylisedFrame], done: Tensor | None, brush: RuderOptimiser, iterations: int) -> None:
    before = done
    for index, frame in enumerate(part):
        if before is not None:
            part[index] = _optimise_again(frame, before, frame.flowed.motion, brush, iterations)
        before = part[index].image


def _optimise_again(
    frame: StylisedFrame, neighbour: Tensor, motion: Motion | None, brush: RuderOptimiser, iterations: int
) -> StylisedFrame:
    if motion is None:
        raise ValueError("frames are swept with their motion both ways")
    past = carry_outputs([neighbour], [motion])
    start = frame.image.lerp(past.image, BLEND * past.trust)
    image, losses = brush(frame.per_frame, past, start, iterations)
    return replace(frame, image=image, losses=losses)


def apply_strength(frames: Iterable[StylisedFrame], settings: StyleSettings) -> Iterator[StylisedFrame]:
    """Yield every frame with as much of the painting as is asked for; none of it is carried to the next frame."""
    for painted in frames:
        film, image = image_to_device(painted.flowed.frame.image, painted.image.device), painted.image
        if settings.strength < 1:
            image = film.lerp(image, settings.strength)
        image = preserve_colour(film, image) if settings.preserve_colour else image
        yield replace(painted, image=image, before_strength=painted.image)
