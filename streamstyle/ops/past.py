"""What earlier outputs say of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from streamstyle.frame import Motion
from streamstyle.ops.transfer import to_device
from streamstyle.ops.warp import backward_warp


@dataclass(frozen=True, slots=True)
class CarriedOutput:
    """One picture that earlier outputs agree on, and how far to trust it."""

    image: Tensor
    """[3, H, W] float32: the previous output, warped to this frame; further ones where it does not show a place."""
    trust: Tensor
    """[H, W] float32 in [0, 1]."""


def carry_outputs(
    outputs: Sequence[Tensor],  # [3, H, W] float32 in [0, 1] each, the latest last
    motions: Sequence[Motion],  # the nearest first, one at least
) -> CarriedOutput:
    """Return what outputs show of a frame that follows from them by `motions`.

    Of frames further back counts what no nearer one shows: each weighs max(c_j - sum of the nearer c, 0) (Ruder et al.
    2016, section 5.2). Several parabolas a pixel are one again, sum_j c_j (x - W_j)^2 = C (x - W)^2 + a constant, with
    C the sum of the weights and W the mean by them; the constant is left out.
    """
    nearest, *further = motions
    carried, trust = _warp_output(outputs, nearest)
    known = trust
    for motion in further:
        shown, weight = _warp_output(outputs, motion)
        new = (weight - known).clamp_min_(0)
        known, trust = known + weight, trust + new
        carried = carried.lerp(shown, new / trust.clamp_min(1e-12))
    return CarriedOutput(carried, trust)


def _warp_output(outputs: Sequence[Tensor], motion: Motion) -> tuple[Tensor, Tensor]:
    output = outputs[-motion.gap]
    return backward_warp(output, to_device(motion.backward, output.device)), to_device(motion.weight, output.device)
