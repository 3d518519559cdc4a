"""What crosses a boundary between stages, with shape, type and unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class FramePosition:
    """Where a frame is found again in its film."""

    index: int
    """Count from 0 within the part of the film that is processed."""
    pts: int
    """Presentation time in ticks of `Film.time_base`."""
    shot: int
    """Count of cuts before it."""
    seekable: bool
    """Whether it can be looked for by its time; where it cannot, all frames before it have to be counted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture at the working size."""

    image: NDArray[np.uint8]
    """[H, W, 3] RGB, full range."""
    pts: int
    """Presentation time in ticks of `Film.time_base`, as in the source."""
    index: int
    """Count from 0 within the part of the film that is processed."""
    shot: int = 0
    """Count of cuts before this frame."""
    seekable: bool = True
    """Whether its time and those before are as the file has them, so that it can be looked for by its time."""

    @property
    def position(self) -> FramePosition:
        """Where it is found again."""
        return FramePosition(self.index, self.pts, self.shot, self.seekable)


@dataclass(frozen=True, slots=True)
class Motion:
    """How a frame follows from an earlier one."""

    backward: Tensor
    """[2, H, W] float32, pixels (u right, v down): p + backward(p) is where p was in the earlier frame."""
    weight: Tensor
    """[H, W] float32 in [0, 1]: consistency weight, 1 = trust what is carried over."""
    gap: int = 1
    """Frames from the earlier one to this one."""


@dataclass(frozen=True, slots=True)
class FrameWithFlow:
    """A frame and its motion."""

    frame: Frame
    motion: Motion | None
    """From the frame before; None on the first frame of a shot: nothing looks back across a cut."""
    lookback: tuple[Motion, ...] = ()
    """From frames of the shot further back, the nearest first, where they are asked for."""

    reverse: Motion | None = None
    """How the frame before follows from this one, where it is asked for."""

    @property
    def motions(self) -> tuple[Motion, ...]:
        """All of them, the nearest first."""
        return () if self.motion is None else (self.motion, *self.lookback)


@dataclass(frozen=True, slots=True)
class StylisedFrame:
    """A painted frame, with all that the next stage may want to look back to."""

    flowed: FrameWithFlow
    image: Tensor
    """[3, H, W] float32 in [0, 1], on the device of the run."""
    per_frame: Tensor
    """[3, H, W] float32 in [0, 1]: the frame as the style network alone paints it; the frame itself where there is none
    (method ruder)."""
    losses: Mapping[str, float] = field(default_factory=dict)
    """Terms of the objective, weighted, at the optimisation's result; empty where there was none."""
    before_strength: Tensor | None = None
    """[3, H, W] float32 in [0, 1]: what later frames look back to, where that is not `image`."""

    @property
    def feedback(self) -> Tensor:
        """[3, H, W] float32 in [0, 1]: what later frames look back to."""
        return self.image if self.before_strength is None else self.before_strength


@dataclass(frozen=True, slots=True)
class OutputFrame:
    """An image as it goes into the output, in place of one frame of the video."""

    image: Tensor
    """[3, H, W] float32 in [0, 1], at the size of the output, on the device of the run."""
    position: FramePosition
    """Of the frame that it replaces."""
    stylised: StylisedFrame | None = None
    """What it was made from; None where nothing was stylised."""

    @property
    def independent(self) -> bool:
        """Whether it owes nothing to the frames before it: the first of a shot, or not stylised at all."""
        return self.stylised is None or self.stylised.flowed.motion is None

    @property
    def feedback(self) -> Tensor | None:
        """[3, H, W] float32 in [0, 1], at the working size: what later frames look back to."""
        return None if self.stylised is None else self.stylised.feedback
