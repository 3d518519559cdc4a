"""Masks: two paintings of a film, each carried on its own, mixed by a mask with soft and steady edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamstyle.frames import Feedback, Frame, Motion, StylisedFrame, join_feedback
from streamstyle.ops.filters import MAX_SIGMA, gaussian_blur
from streamstyle.ops.transfer import to_device
from streamstyle.ops.warp import backward_warp

INSIDE, OUTSIDE, _MASK = "inside", "outside", "mask"
"""Names in the feedback."""

_SOFTNESS = 1 / 180
"""Standard deviation of the blur of a mask, as a fraction of its height: 2 pixels at 360 lines."""

_BLACK, _WHITE = 6, 249
"""Levels up to and from which a blurred mask counts as black and as white: a codec does not leave them exact."""

_STEADINESS = 0.6
"""Share of the mask of the frame before, along the flow, where that is trusted. A mask that moves by itself lags by one
and a half frames."""

MaskAt = Callable[[Frame], NDArray[np.uint8] | None]
"""From a frame to its mask, [H, W], 255 inside; None if all of it is inside."""


def mix_by_mask(
    inside: Iterable[StylisedFrame],
    outside: Iterable[StylisedFrame],
    mask_at: MaskAt,
    feedback: Feedback | None = None,  # of the frame before the first, if the run is resumed
) -> Iterator[StylisedFrame]:
    """Yield the frames of two paintings of one film mixed: `inside` where the mask is white, `outside` where black.

    A mask jitters where it was made frame by frame; so it is drawn towards that of the frame before, along the flow. To
    mix before anything is carried would cost less, but leave a third of the old painting where a mask moves by itself,
    eight frames after it has passed (docs/directing.md).
    """
    carried = (feedback or {}).get(_MASK)
    previous = carried if isinstance(carried, Tensor) else None
    for painted, other in zip(inside, outside, strict=True):
        frame = painted.flowed.frame
        flowed = painted.flowed if painted.flowed.motion is not None else other.flowed
        levels = mask_at(frame)
        parts = {INSIDE: painted.feedback, OUTSIDE: other.feedback}
        if levels is None:
            previous = None
            yield replace(painted, flowed=flowed, feedback=join_feedback(parts))
            continue
        mask = _soften(to_device(torch.from_numpy(levels), painted.image.device))
        if previous is not None and flowed.motion is not None:
            mask = _steady(mask, previous, flowed.motion)
        previous = mask
        yield replace(
            painted,
            flowed=flowed,
            image=other.image.lerp(painted.image, mask),
            per_frame=other.per_frame.lerp(painted.per_frame, mask),
            feedback={**join_feedback(parts), _MASK: mask},
        )


def _soften(
    levels: Tensor,  # [H, W] uint8
) -> Tensor:  # [H, W] float32 in [0, 1]
    blurred = gaussian_blur(levels.float()[None], min(MAX_SIGMA, max(1.0, _SOFTNESS * len(levels))))[0]
    return ((blurred - _BLACK) / (_WHITE - _BLACK)).clamp_(0, 1)


def _steady(mask: Tensor, previous: Tensor, motion: Motion) -> Tensor:  # [H, W]
    backward, weight = (to_device(each, mask.device) for each in (motion.backward, motion.weight))
    carried = backward_warp(previous[None], backward, "bilinear")[0]
    return mask.lerp(carried, _STEADINESS * weight)
