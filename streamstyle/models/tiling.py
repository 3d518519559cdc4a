"""Stylise and upscale an image in overlapping tiles, if the whole does not fit into memory."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from streamstyle.models.instance_norm import InstanceNorm
from streamstyle.models.style_net import StyleNet
from streamstyle.models.upscaler import Upscaler


@dataclass(frozen=True, slots=True)
class AxisTile:
    """Extent of a tile along one axis, in pixels: the core, and the margins around it that are input only."""

    first: int
    start: int
    """Where the core starts."""
    end: int
    last: int
    """End of the margin after the core."""

    def inner(self, stride: int = 1) -> slice:
        """Return the core's slice of the tile, or of the tile's activations at a stride that divides its bounds."""
        return slice((self.start - self.first) // stride, (self.end - self.first) // stride)

    def target(self, stride: int = 1) -> slice:
        """Return the core's slice of the image, or of the image's activations at that stride."""
        return slice(self.start // stride, self.end // stride)


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of an image."""

    rows: AxisTile
    columns: AxisTile

    def crop(self, image: Tensor) -> Tensor:
        """Return the tile of [..., H, W], with its margins."""
        return image[..., self.rows.first : self.rows.last, self.columns.first : self.columns.last]

    def inner(self, tile_tensor: Tensor, stride: int = 1) -> Tensor:
        """Return the core of the tile's [..., h, w], possibly activations at a stride."""
        return tile_tensor[..., self.rows.inner(stride), self.columns.inner(stride)]

    def target(self, whole_tensor: Tensor, stride: int = 1) -> Tensor:
        """Return the core as a view of the image's [..., H, W], possibly activations at a stride."""
        return whole_tensor[..., self.rows.target(stride), self.columns.target(stride)]


def split_into_tiles(height: int, width: int, side: int, margin: int, grid: int) -> Iterator[Tile]:
    """Yield tiles whose cores, of about `side` pixels, cover each pixel once; cores start at multiples of `grid`."""
    for rows in _split_axis(height, side, margin, grid):
        for columns in _split_axis(width, side, margin, grid):
            yield Tile(rows, columns)


def _split_axis(size: int, side: int, margin: int, grid: int) -> list[AxisTile]:
    count = max(1, min(-(-size // side), size // grid))
    bounds = [size * each // (count * grid) * grid for each in range(count)] + [size]
    return [AxisTile(max(0, start - margin), start, end, min(size, end + margin)) for start, end in pairwise(bounds)]


_GRID = 16
"""Tiles start at multiples of this many pixels, since the network works at down to an eighth of the resolution."""


class TiledStyleNet:
    """A style network that stylises tile by tile and gives the result of the whole image.

    Instance norms need the statistics of the whole image, so every norm costs one pass over all tiles up to it.
    """

    def __init__(
        self,
        network: StyleNet,
        side: int,  # pixels of a tile's core, about
    ) -> None:
        self._network = copy.deepcopy(network)
        self._side = side
        self._margin = network.config.receptive_radius
        self._norms = [_TwoPassInstanceNorm(each) for each in self._network.modules() if isinstance(each, InstanceNorm)]
        _replace_norms(self._network, iter(self._norms))

    @torch.no_grad()
    def __call__(
        self,
        image: Tensor,  # [1, 3, H, W] float RGB in [0, 1]
    ) -> Tensor:  # [1, 3, H, W] float32 in [0, 1]
        """Return the stylised image."""
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
        stylised = torch.empty_like(image, dtype=torch.float32)
        for tile in tiles:
            tile.target(stylised).copy_(tile.inner(self._network(tile.crop(image))))
        return stylised


class _StopForward(Exception):  # noqa: N818  # not an error
    """Ends the forward pass of a tile after the norm that collects statistics."""


class _TwoPassInstanceNorm(nn.Module):
    """An instance norm that first collects the statistics of all tiles, then normalises each tile by them."""

    def __init__(self, norm: InstanceNorm) -> None:
        super().__init__()
        self.norm = norm
        self.tile: Tile | None = None
        """The tile that is being processed."""
        self.reset()

    def reset(self) -> None:
        """Discard the statistics, for the next image."""
        self._count = 0
        self._sum: Tensor | float = 0.0
        self._squares: Tensor | float = 0.0
        self._scale: Tensor | None = None
        self._shift: Tensor | None = None

    def finish_statistics(self) -> None:
        """Compute scale and shift from the statistics of all tiles."""
        mean, squares = (torch.as_tensor(total) / self._count for total in (self._sum, self._squares))
        deviation = (squares - mean.square()).clamp_min(0)
        self._scale = self.norm.weight * torch.rsqrt(deviation + self.norm.eps)
        self._shift = self.norm.bias - mean * self._scale

    def forward(self, x: Tensor) -> Tensor:
        """Return [1, C, h, w] normalised; before `finish_statistics`, collect statistics and raise `_StopForward`."""
        if self._scale is None or self._shift is None:
            self._accumulate(x)
            raise _StopForward
        scale, shift = (each.to(x.dtype).view(1, -1, 1, 1) for each in (self._scale, self._shift))
        return torch.addcmul(shift, scale, x)

    def _accumulate(self, x: Tensor) -> None:
        assert self.tile is not None
        columns = self.tile.columns
        ratio = -(-(columns.last - columns.first) // x.shape[-1])  # below the stride where the tile was padded
        stride = 1 << (ratio - 1).bit_length()
        core = x[0, :, _core_slice(self.tile.rows, stride), _core_slice(columns, stride)].double()
        self._count += core[0].numel()
        self._sum = self._sum + core.sum((1, 2))
        self._squares = self._squares + core.square().sum((1, 2))


def _core_slice(span: AxisTile, stride: int) -> slice:
    """Return the core's slice of activations; at the image's edge with the padding to a multiple of four."""
    core = span.inner(stride)
    return slice(core.start, None if span.end == span.last else core.stop)


def _replace_norms(module: nn.Module, norms: Iterator[_TwoPassInstanceNorm]) -> None:
    """Replace the module's instance norms by `norms`, in order."""
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
    """Return the image at twice its size."""
    if side is None:
        return network(image)  # type: ignore[no-any-return]
    height, width = image.shape[-2:]
    detail = torch.empty(1, 12, height, width, device=image.device)
    for tile in split_into_tiles(height, width, side, network.receptive_radius, grid=1):
        tile.target(detail).copy_(tile.inner(network.detail(tile.crop(image))))
    return network.add_detail(image, detail).clamp_(0, 1)
