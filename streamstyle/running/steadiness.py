"""How steady the painting is, while it is being made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frame import StylisedFrame
from streamstyle.ops.transfer import uploaded

STRIDE = 8
"""One pixel in so many, along rows and columns, is looked at, another one each frame."""

_COLUMN_STEP = 3
"""With `EVERY`: the columns looked at go round in another order than the rows."""


@dataclass(slots=True)
class OnlineWarpingError:
    """The mean warping error so far, of the result and of the frames painted alone, on a lattice of pixels.

    That of `evaluate.metrics.warping_error` (Lai et al. 2018) at a gap of 1, along the flow the film is made with. What
    is not steady is seldom so in one pixel alone, so a lattice is enough.
    """

    _previous: StylisedFrame | None = None
    _frames: int = 0
    _sums: dict[str, Tensor | float] = field(default_factory=lambda: {"output": 0.0, "per_frame": 0.0})
    """Where the pictures are: nobody waits for a GPU before they are asked for."""

    def add(self, painted: StylisedFrame) -> None:
        """Compare a frame with the one before."""
        motion, before = painted.flowed.motion, self._previous
        self._previous = painted
        if motion is None or before is None:
            return
        self._frames += 1
        lattice = _SampleGrid.from_motion(motion.backward, motion.weight, self._frames).to(painted.image.device)
        self._sums["output"] += lattice.error(painted.image, before.image)
        self._sums["per_frame"] += lattice.error(painted.naive, before.naive)

    def mean(self) -> dict[str, float]:
        """Return both errors, in squared units of [0, 1]; empty where there was no flow yet."""
        return {name: float(total) / self._frames for name, total in self._sums.items()} if self._frames else {}


@dataclass(frozen=True, slots=True)
class _SampleGrid:
    rows: slice
    columns: slice
    grid: Tensor
    """[1, h, w, 2]: where the pixels were a frame earlier, in -1..1 from edge to edge."""
    weight: Tensor
    """[h, w]."""

    @staticmethod
    def from_motion(backward: Tensor, weight: Tensor, shift: int) -> _SampleGrid:
        height, width = weight.shape
        top, left = shift % STRIDE, shift * _COLUMN_STEP % STRIDE
        rows, columns = slice(top, None, STRIDE), slice(left, None, STRIDE)
        u, v = backward[:, rows, columns]
        x = u + torch.arange(left, width, STRIDE, device=u.device)
        y = v + torch.arange(top, height, STRIDE, device=v.device)[:, None]
        grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
        return _SampleGrid(rows, columns, grid[None], weight[rows, columns])

    def to(self, device: torch.device) -> _SampleGrid:
        return replace(self, grid=uploaded(self.grid, device), weight=uploaded(self.weight.contiguous(), device))

    def error(self, later: Tensor, earlier: Tensor) -> Tensor:  # scalar, float64
        carried = F.grid_sample(earlier[None], self.grid, "bilinear", "border", align_corners=False)[0]
        squared = (later[:, self.rows, self.columns] - carried).square().mean(0)
        return ((self.weight * squared).sum() / self.weight.sum().clamp_min(1e-6)).double()
