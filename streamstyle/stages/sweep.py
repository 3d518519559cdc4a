"""A shot gone over again, backward and forward, so that early frames know of late ones (Ruder et al. 2016, 5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from torch import Tensor

from streamstyle.frame import Motion, StylisedFrame
from streamstyle.ops.past import carry_outputs
from streamstyle.optimise.frame_optimiser import RuderOptimiser
from streamstyle.settings import Settings

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
    image, losses = brush(frame.naive, past, start, iterations)
    return replace(frame, image=image, losses=losses)
