"""A picture cut into tiles that overlap, for where the whole does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor


@dataclass(frozen=True, slots=True)
class AxisTile:
    """What a tile covers of one axis: the core is its own, the margins around it are for looking only."""

    first: int
    start: int
    """Where the core begins, and the margin before it ends."""
    end: int
    last: int
    """Where the margin after the core ends."""

    def inner(self, stride: int = 1) -> slice:
        """Return the core's place within the tile, or within activations at a stride that divides its places."""
        return slice((self.start - self.first) // stride, (self.end - self.first) // stride)

    def target(self, stride: int = 1) -> slice:
        """Return the core's place within the whole, or within activations of the whole."""
        return slice(self.start // stride, self.end // stride)


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture."""

    rows: AxisTile
    columns: AxisTile

    def crop(self, image: Tensor) -> Tensor:
        """Return the tile, margins and all, of [..., H, W]."""
        return image[..., self.rows.first : self.rows.last, self.columns.first : self.columns.last]

    def inner(self, of_tile: Tensor, stride: int = 1) -> Tensor:
        """Return the core of the tile's [..., h, w], which may be activations at a stride."""
        return of_tile[..., self.rows.inner(stride), self.columns.inner(stride)]

    def target(self, of_whole: Tensor, stride: int = 1) -> Tensor:
        """Return where the core lies in the whole's [..., H, W], which may be activations at a stride."""
        return of_whole[..., self.rows.target(stride), self.columns.target(stride)]


def split_into_tiles(height: int, width: int, side: int, margin: int, grid: int) -> Iterator[Tile]:
    """Yield tiles whose cores, of about `side` pixels, cover each pixel once; cuts lie on multiples of `grid`."""
    for rows in _split_axis(height, side, margin, grid):
        for columns in _split_axis(width, side, margin, grid):
            yield Tile(rows, columns)


def _split_axis(size: int, side: int, margin: int, grid: int) -> list[AxisTile]:
    count = max(1, min(-(-size // side), size // grid))
    cuts = [size * each // (count * grid) * grid for each in range(count)] + [size]
    return [AxisTile(max(0, start - margin), start, end, min(size, end + margin)) for start, end in pairwise(cuts)]
