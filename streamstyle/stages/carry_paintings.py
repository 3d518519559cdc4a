"""Near a key frame that was painted by hand, the painting itself: carried along the flow, where that is right.

Elsewhere, and farther away, a frame stays as the network made it that learned from the painting. The flow is that from
the key frame itself, however far away it is, so that nothing blurs and any frame can be the first one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import torch
from torch import Tensor

from streamstyle.frames import Motion, StylisedFrame
from streamstyle.media.images import RgbImage
from streamstyle.ops.filters import gaussian_blur
from streamstyle.ops.image import from_levels
from streamstyle.ops.transfer import to_device
from streamstyle.ops.warp import backward_warp
from streamstyle.styles.painted_frames import PaintedFrame

FULL_SECONDS, FADED_SECONDS = 1.0, 2.0
"""Up to so far from its frame a painting is shown in full, and from so far on no more."""

SAME = 0.06
"""Root mean square difference of a frame from the key frame, carried to it, at which half of the painting is left."""

_SAME_SIGMA, _EDGE_SIGMA = 2.0, 1.5
"""Pixels over which that difference is averaged, and the edges of what is shown are softened."""


def carry_paintings(
    frames: Iterable[StylisedFrame],
    paintings: Sequence[PaintedFrame],  # in the order of their times
    time_base: Fraction,
    estimate_motion: Callable[[RgbImage, RgbImage], Motion],  # from an earlier or later frame to a frame
) -> Iterator[StylisedFrame]:
    """Yield every frame with the paintings around it; where they are, less is carried from the frames before.

    A painting of another size than that of the frames is left out.
    """
    times = [float(painted.pts * time_base) for painted in paintings]
    for stylised in frames:
        frame = stylised.flowed.frame
        shares = painting_shares(times, float(frame.pts * time_base))
        near = [(paintings[index], share) for index, share in shares.items()]
        near = [(painted, share) for painted, share in near if painted.image.shape == frame.image.shape]
        if not near:
            yield stylised
            continue
        with torch.inference_mode():
            image, total = stylised.per_frame, torch.zeros_like(stylised.per_frame[0])
            for painted, share in near:
                carried, weight = _carry(painted, frame.pts, frame.image, image.device, estimate_motion)
                image = image + share * weight * (carried - stylised.per_frame)
                total = total + share * weight
            flowed = stylised.flowed.trusted_less(1 - total.cpu())
        yield replace(stylised, flowed=flowed, image=image, per_frame=image)


def painting_shares(times: Sequence[float], seconds: float) -> dict[int, float]:
    """Return the shares, above 0 and at most 1 together, of the last painting before a time and the first one after it.

    Each is 1 at its own time and 0 at that of the other; `times` are sorted.
    """
    after = bisect_right(times, seconds)
    gap = times[after] - times[after - 1] if 0 < after < len(times) else float("inf")
    shares = {}
    for index in range(max(0, after - 1), min(after + 1, len(times))):
        distance = abs(seconds - times[index])
        share = _smooth((FADED_SECONDS - distance) / (FADED_SECONDS - FULL_SECONDS)) * _smooth(1 - distance / gap)
        if share > 0:
            shares[index] = share
    return shares


def _smooth(x: float) -> float:
    """Return 0 below 0, 1 above 1, and a smooth rise between."""
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)


def _carry(
    painted: PaintedFrame,
    pts: int,
    image: RgbImage,
    device: torch.device,
    estimate_motion: Callable[[RgbImage, RgbImage], Motion],
) -> tuple[Tensor, Tensor]:  # [3, H, W], [H, W]
    """Return the painting carried to a frame, and how far it is right there, 0 to 1."""
    painting, key, source = (
        from_levels(to_device(torch.from_numpy(each), device)) for each in (painted.painting, painted.image, image)
    )
    if painted.pts == pts:
        return painting, torch.ones_like(painting[0])
    motion = estimate_motion(painted.image, image)
    backward = to_device(motion.backward, device)
    error = gaussian_blur((backward_warp(key, backward) - source).square().mean(0, keepdim=True), _SAME_SIGMA)[0]
    weight = to_device(motion.weight, device) / (1 + (error / SAME**2).square())
    return backward_warp(painting, backward).clamp(0, 1), gaussian_blur(weight[None], _EDGE_SIGMA)[0]
