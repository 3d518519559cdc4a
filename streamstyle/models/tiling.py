"""A picture cut into tiles that overlap, for where the whole does not fit into memory."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from streamstyle.models.style_net import InstanceNorm, StyleNet
from streamstyle.models.upscaler import Upscaler


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


_GRID = 16
"""Pixels that cuts lie on multiples of: the network works at a quarter of the resolution."""


class TiledStyleNet:
    """Paints what a network paints, one tile after the other."""

    def __init__(
        self,
        network: StyleNet,
        side: int,  # pixels of a tile's core, about
    ) -> None:
        self._network = copy.deepcopy(network)
        self._side = side
        self._margin = 24 + 8 * network.config.blocks  # a network of five blocks sees 54 pixels far, calming included
        self._norms = [_TwoPassInstanceNorm(each) for each in self._network.modules() if isinstance(each, InstanceNorm)]
        _replace_norms(self._network, iter(self._norms))

    @torch.no_grad()
    def __call__(
        self,
        image: Tensor,  # [1, 3, H, W] float RGB in [0, 1]
    ) -> Tensor:  # [1, 3, H, W] float32 in [0, 1]
        """Return the painting."""
        height, width = image.shape[-2:]
        tiles = list(split_into_tiles(height, width, self._side, self._margin, _GRID))
        for norm in self._norms:
            norm.reset()
        for norm in self._norms:
            for tile in tiles:
                with suppress(_StopForward):
                    norm.tile = tile
                    self._network(tile.crop(image))
            norm.finish_statistics()
        painting = torch.empty_like(image, dtype=torch.float32)
        for tile in tiles:
            tile.target(painting).copy_(tile.inner(self._network(tile.crop(image))))
        return painting


class _StopForward(Exception):  # noqa: N818  # nothing is wrong
    """A tile has been looked at; what comes behind waits until all have been."""


class _TwoPassInstanceNorm(nn.Module):
    """An instance norm that looks at one tile after the other, and then treats each as part of the whole."""

    def __init__(self, norm: InstanceNorm) -> None:
        super().__init__()
        self.norm = norm
        self.tile: Tile | None = None
        """What is being looked at."""
        self.reset()

    def reset(self) -> None:
        """Be ready for the next picture."""
        self._count = 0
        self._sum: Tensor | float = 0.0
        self._squares: Tensor | float = 0.0
        self._scale: Tensor | None = None
        self._shift: Tensor | None = None

    def finish_statistics(self) -> None:
        """Settle mean and deviation: every tile has been seen."""
        mean, squares = (torch.as_tensor(total) / self._count for total in (self._sum, self._squares))
        deviation = (squares - mean.square()).clamp_min(0)
        self._scale = self.norm.weight * torch.rsqrt(deviation + self.norm.eps)
        self._shift = self.norm.bias - mean * self._scale

    def forward(self, x: Tensor) -> Tensor:
        """Return [1, C, h, w] normalised, scaled and shifted; before `measure`, look at it and go no further."""
        if self._scale is None or self._shift is None:
            self._accumulate(x)
            raise _StopForward
        scale, shift = (each.to(x.dtype).view(1, -1, 1, 1) for each in (self._scale, self._shift))
        return torch.addcmul(shift, scale, x)

    def _accumulate(self, x: Tensor) -> None:
        assert self.tile is not None
        columns = self.tile.columns
        stride = -(-(columns.last - columns.first) // x.shape[-1])
        own = x[0, :, _inner(self.tile.rows, stride), _inner(columns, stride)].double()
        self._count += own[0].numel()
        self._sum = self._sum + own.sum((1, 2))
        self._squares = self._squares + own.square().sum((1, 2))


def _inner(span: AxisTile, stride: int) -> slice:
    """Return the core within activations; at the picture's edge with what the network adds to come to whole fours."""
    core = span.inner(stride)
    return slice(core.start, None if span.end == span.last else core.stop)


def _replace_norms(module: nn.Module, norms: Iterator[_TwoPassInstanceNorm]) -> None:
    """Put the norms in the places of those there are, in their order."""
    for name, child in module.named_children():
        if isinstance(child, InstanceNorm):
            setattr(module, name, next(norms))
        else:
            _replace_norms(child, norms)


def upscale_tiled(
    network: Upscaler,
    image: Tensor,  # [1, 3, H, W] float RGB in [0, 1]
    side: int | None,  # pixels of a tile's core, about; None for the whole at once
) -> Tensor:  # [1, 3, 2 H, 2 W] float32 in [0, 1]
    """Return the picture at twice its size."""
    if side is None:
        return network(image)  # type: ignore[no-any-return]
    height, width = image.shape[-2:]
    detail = torch.empty(1, 12, height, width, device=image.device)
    for tile in split_into_tiles(height, width, side, network.receptive_radius, grid=1):
        tile.target(detail).copy_(tile.inner(network.detail(tile.crop(image))))
    return network.add_detail(image, detail).clamp_(0, 1)
