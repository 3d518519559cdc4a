"""A picture enlarged tile by tile, where the whole does not fit into memory: the same, but for rounding."""

from __future__ import annotations

import torch
from torch import Tensor

from streamstyle.nets.tiles import split_into_tiles
from streamstyle.nets.upscaler import Upscaler


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
    for tile in split_into_tiles(height, width, side, network.reach, grid=1):
        tile.target(detail).copy_(tile.inner(network.detail(tile.crop(image))))
    return network.add_detail(image, detail).clamp_(0, 1)
