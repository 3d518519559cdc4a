"""Method `ruder`: every frame is optimised towards the style image itself (Ruder, Dosovitskiy & Brox 2016).

`optimise_frames` makes one pass forward; `multi_pass` goes over each shot again, by turns backward
and forward, so that early frames take on what later ones show (section 5.3 of the paper).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from streamstyle.frames import (
    Feedback,
    FrameWithFlow,
    LookbackWindow,
    Motion,
    StylisedFrame,
    outputs_from_feedback,
    outputs_to_feedback,
)
from streamstyle.ops.contrast import fade_with_contrast
from streamstyle.ops.image import preserve_colour
from streamstyle.ops.temporal import CarriedOutput, carry_outputs
from streamstyle.ops.transfer import image_to_device, to_device
from streamstyle.optimise.frame_optimiser import RuderOptimiser
from streamstyle.settings import Init, Settings, StyleSettings

_NEIGHBOUR_WEIGHT = 0.5
"""Weight of the neighbour, where it is trusted, in the image that a frame of a later pass starts from."""

MAX_CHUNK_BYTES = 512 << 20
"""Memory for the part of a shot that several passes go over."""

_BYTES_PER_PIXEL = 3 + 3 * 3 * 4 + 2 * 3 * 4
"""Of a frame, three float32 images made from it, and the motion in both directions."""


def optimise_frames(
    frames: Iterable[FrameWithFlow],
    optimiser: RuderOptimiser,
    settings: Settings,
    device: torch.device,
    feedback: Feedback | None = None,  # of the frame before the first, if the run is resumed
) -> Iterator[StylisedFrame]:
    """Yield every frame with its own content, in the style of the image, and near to the previous outputs.

    The first frame of a shot has no previous outputs and gets more iterations. No style network is used: `per_frame`
    is the frame itself. Outputs are carried in float, never rounded to 8 bits.
    """
    window = LookbackWindow(settings.consistency.lookback, outputs_from_feedback(feedback or {}))
    for flowed in frames:
        if flowed.motion is None:
            window.start_shot()
        image, previous = image_to_device(flowed.frame.pixels, device), window.by_gap()
        carried = carry_outputs(previous, flowed.motions) if previous else None
        start = _initial_image(flowed.frame.index, image, previous, carried, settings.ruder.init)
        output, losses = optimiser(image, carried, start, _iterations(carried, settings))
        window.append(output)
        yield StylisedFrame(flowed, output, image, losses, feedback=outputs_to_feedback(window))


def _iterations(carried: CarriedOutput | None, settings: Settings) -> int:
    iterations = settings.consistency.iterations
    return iterations if carried is not None else max(iterations, settings.ruder.first_iterations)


def _initial_image(
    index: int, image: Tensor, previous: Mapping[int, Tensor], carried: CarriedOutput | None, init: Init
) -> Tensor:
    if init is Init.random:
        return _noise(index, image)
    if carried is None or init is Init.image:
        return image
    return carried.image if init is Init.previous_warped else previous[1]


def _noise(index: int, image: Tensor) -> Tensor:
    """Return uniform noise of the image's shape, the same for the same frame in every run."""
    generator = torch.Generator().manual_seed(index)
    return to_device(torch.rand(image.shape, generator=generator), image.device)


def multi_pass(
    frames: Iterable[StylisedFrame], optimiser: RuderOptimiser, settings: Settings
) -> Iterator[StylisedFrame]:
    """Yield every frame optimised again in each pass after the first, by turns backward and forward through its shot.

    A frame starts from a blend of its own image and its neighbour's, warped: the neighbour that was optimised just
    before in this pass, which it is also held to. Shots that take more than 512 MB are processed in chunks; the first
    frame of a chunk is held to the last of the chunk before, which is final. Frames are yielded chunk by chunk.
    """
    if settings.ruder.passes == 1:
        yield from frames
        return
    previous: Tensor | None = None
    for chunk in _chunks(frames):
        if chunk[0].flowed.motion is None:
            previous = None
        for number in range(1, settings.ruder.passes):
            run_pass = _backward_pass if number % 2 else _forward_pass
            run_pass(chunk, previous, optimiser, settings.consistency.iterations)
        previous = chunk[-1].image
        while chunk:
            yield chunk.pop(0)  # a frame that has been yielded is not kept in memory while the next chunk is read


def _chunks(frames: Iterable[StylisedFrame]) -> Iterator[list[StylisedFrame]]:
    """Yield runs of frames of one shot, as long as memory allows, and at least two frames where the shot has them."""
    chunk: list[StylisedFrame] = []
    for frame in frames:
        height, width = frame.image.shape[-2:]
        longest = max(2, MAX_CHUNK_BYTES // (_BYTES_PER_PIXEL * height * width))
        if chunk and (frame.flowed.motion is None or len(chunk) >= longest):
            yield chunk
            chunk = []
        chunk.append(frame)
    if chunk:
        yield chunk


def _backward_pass(
    chunk: list[StylisedFrame], previous: Tensor | None, optimiser: RuderOptimiser, iterations: int
) -> None:
    for index in range(len(chunk) - 2, -1, -1):
        frame, following = chunk[index], chunk[index + 1]
        if index == 0 and previous is not None:
            chunk[index] = _optimise_again(frame, previous, frame.flowed.motion, optimiser, iterations)
        else:
            chunk[index] = _optimise_again(frame, following.image, following.flowed.reverse, optimiser, iterations)


def _forward_pass(
    chunk: list[StylisedFrame], previous: Tensor | None, optimiser: RuderOptimiser, iterations: int
) -> None:
    for index, frame in enumerate(chunk):
        if previous is not None:
            chunk[index] = _optimise_again(frame, previous, frame.flowed.motion, optimiser, iterations)
        previous = chunk[index].image


def _optimise_again(
    frame: StylisedFrame, neighbour: Tensor, motion: Motion | None, optimiser: RuderOptimiser, iterations: int
) -> StylisedFrame:
    if motion is None:
        raise ValueError("multi_pass needs the motion in both directions")
    carried = carry_outputs({motion.gap: neighbour}, [motion])
    start = frame.image.lerp(carried.image, _NEIGHBOUR_WEIGHT * carried.trust)
    image, losses = optimiser(frame.per_frame, carried, start, iterations)
    return replace(frame, image=image, losses=losses, feedback={})


def apply_strength(frames: Iterable[StylisedFrame], settings: StyleSettings) -> Iterator[StylisedFrame]:
    """Yield every frame mixed with the source frame by `strength`, and in its colours where that is set.

    A fade in the film is one of the output, as with the other methods. Later frames do not see this: `feedback` stays
    as it was.
    """
    for stylised in frames:
        source = image_to_device(stylised.flowed.frame.pixels, stylised.image.device)
        image = fade_with_contrast(stylised.image, source)
        if settings.strength < 1:
            image = source.lerp(image, settings.strength)
        image = preserve_colour(source, image) if settings.preserve_colour else image
        yield replace(stylised, image=image)
