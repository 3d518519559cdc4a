"""What whoever looks on may look at, each time a frame has been written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamstyle.buffered import Ahead
from streamstyle.clock import Clock, Stopwatch
from streamstyle.film import Film
from streamstyle.frame import StylisedFrame

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Moment:
    """The run, as it stands after a frame."""

    film: Film
    painted: StylisedFrame
    """The frame that has just been written, at the size that is painted at."""
    image: Tensor
    """[3, H, W] float32 in [0, 1]: the same as it was written, at the size of the output."""
    frames: int
    """Frames written so far, by this run and any it goes on from."""
    clock: Clock
    """Whoever lets the work wait stops it meanwhile."""
    stopwatch: Stopwatch
    """What the time of painting and encoding goes into: `wait`, `stylise`, `consistency`, `upscale`, `encode`."""
    queues: Mapping[str, Ahead[Any]]
    """What is made ahead, by the stage that makes it: `decode`, and `flow` where there is flow."""
    partial: Path
    """The film so far."""


Look = Callable[[Moment], None]
