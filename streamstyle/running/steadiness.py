"""How steady the painting is, while it is being made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frame import StylisedFrame
from streamstyle.ops.transfer import uploaded

EVERY = 8
"""One pixel in so many, along rows and columns, is looked at, another one each frame."""

_COPRIME = 3
"""With `EVERY`: the columns looked at go round in another order than the rows."""


@dataclass(slots=True)
class Steadiness:
    """The mean warping error so far, of the result and of the frames painted alone, on a lattice of pixels.

    That of `evaluate.metrics.warping_error` (Lai et al. 2018) at a gap of 1, along the flow the film is made with. What
    is not steady is seldom so in one pixel alone, so a lattice is enough.
    """

    _before: StylisedFrame | None = None
    _frames: int = 0
    _sums: dict[str, Tensor | float] = field(default_factory=lambda: {"output": 0.0, "per_frame": 0.0})
    """Where the pictures are: nobody waits for a GPU before they are asked for."""

    def add(self, painted: StylisedFrame) -> None:
        """Compare a frame with the one before."""
        motion, before = painted.flowed.motion, self._before
        self._before = painted
        if motion is None or before is None:
            return
        self._frames += 1
        lattice = _Lattice.of(motion.backward, motion.weight, self._frames).on(painted.image.device)
        self._sums["output"] += lattice.error(painted.image, before.image)
        self._sums["per_frame"] += lattice.error(painted.naive, before.naive)

    def means(self) -> dict[str, float]:
        """Return both errors, in squared units of [0, 1]; empty where there was no flow yet."""
        return {name: float(total) / self._frames for name, total in self._sums.items()} if self._frames else {}


@dataclass(frozen=True, slots=True)
class _Lattice:
    rows: slice
    columns: slice
    grid: Tensor
    """[1, h, w, 2]: where the pixels were a frame earlier, in -1..1 from edge to edge."""
    weight: Tensor
    """[h, w]."""

    @staticmethod
    def of(backward: Tensor, weight: Tensor, shift: int) -> _Lattice:
        height, width = weight.shape
        top, left = shift % EVERY, shift * _COPRIME % EVERY
        rows, columns = slice(top, None, EVERY), slice(left, None, EVERY)
        u, v = backward[:, rows, columns]
        x = u + torch.arange(left, width, EVERY, device=u.device)
        y = v + torch.arange(top, height, EVERY, device=v.device)[:, None]
        grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
        return _Lattice(rows, columns, grid[None], weight[rows, columns])

    def on(self, device: torch.device) -> _Lattice:
        return replace(self, grid=uploaded(self.grid, device), weight=uploaded(self.weight.contiguous(), device))

    def error(self, later: Tensor, earlier: Tensor) -> Tensor:  # scalar, float64
        carried = F.grid_sample(earlier[None], self.grid, "bilinear", "border", align_corners=False)[0]
        squared = (later[:, self.rows, self.columns] - carried).square().mean(0)
        return ((self.weight * squared).sum() / self.weight.sum().clamp_min(1e-6)).double()
