"""How a frame of the source film follows from earlier ones of its shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from streamstyle.ops.warp import backward_warp


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Where two frames of a shot show the same, as a flow from the pixels of one of them to places in the other."""

    flow: Tensor
    """[2, H, W] float32, pixels (u right, v down): p + flow(p) is where the other frame shows p."""
    weight: Tensor
    """[H, W] float32 in [0, 1]: 1 = p can be seen in both, and the flow can be trusted."""
    from_later: bool
    """Whether p is a pixel of the later frame; else of the earlier one."""


@dataclass(frozen=True, slots=True)
class FrameCorrespondence:
    """What a frame has in common with earlier ones."""

    by_gap: Mapping[int, Correspondence]
    """By gap, with the frame so many earlier; none that reach across a cut."""
    forward: Correspondence | None
    """From the pixels of the frame before to this one; None on the first frame of a shot."""


def compose_flows(steps: Sequence[Correspondence]) -> Correspondence:
    """Return the way of the first step's pixels along all of them, which lead from each frame to the next."""
    flow, weight = steps[0].flow, steps[0].weight
    for step in steps[1:]:
        weight = weight * backward_warp(step.weight[None], flow, "bilinear")[0]
        flow = flow + backward_warp(step.flow, flow, "bilinear")
    return Correspondence(flow, weight, from_later=False)
