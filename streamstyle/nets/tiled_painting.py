"""A painting made tile by tile, where the whole does not fit into memory.

The same but for rounding: tiles overlap by as far as the network sees, and what an instance norm measures it measures
over all tiles, before anything behind it is worked out. So a tile is begun once for every norm: slow, and no border of
a tile shows.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress

import torch
from torch import Tensor, nn

from streamstyle.nets.instance_norm import InstanceNorm
from streamstyle.nets.tiles import AxisTile, Tile, split_into_tiles
from streamstyle.nets.transformer import StyleNet

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
