"""Images upscaled to the size of the output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frames import OutputFrame
from streamstyle.gpu.memory import Fallback, MemoryFallback, Warn, ignore_warning
from streamstyle.models.tiling import upscale_tiled
from streamstyle.models.upscaler import FACTOR, Upscaler
from streamstyle.settings import UpscaleSettings

FALLBACKS: tuple[Fallback[int | None], ...] = (
    Fallback(None),
    Fallback(1024, "frames are enlarged in tiles of 1024 pixels"),
    Fallback(256, "frames are enlarged in tiles of 256 pixels"),
)
"""Sides in pixels of the tiles that the network looks at; None for the whole."""


def upscale_frames(
    frames: Iterable[OutputFrame], network: Upscaler, settings: UpscaleSettings, warn: Warn = ignore_warning
) -> Iterator[OutputFrame]:
    """Yield every frame with its image upscaled; what it was made from, and the next looks back to, stays as it is.

    Where a GPU runs out of memory images are upscaled in tiles, which makes no difference, and `warn` is told.
    """
    thrift = MemoryFallback(FALLBACKS, warn)
    for frame in frames:

        def upscale_by_tiles(tile: int | None, image: Tensor = frame.image) -> Tensor:
            return upscale(image, network, settings.upscale, tile)

        with torch.inference_mode():
            larger = thrift(upscale_by_tiles)
        yield replace(frame, image=larger)


def upscale(
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    network: Upscaler,
    times: int,
    tile: int | None = None,
) -> Tensor:  # [3, times H, times W] float32 in [0, 1]
    """Return the image upscaled: doubled until it is large enough, and made smaller where that is too large."""
    larger, reached = image[None], 1
    while reached < times:
        larger, reached = upscale_tiled(network, larger, tile), FACTOR * reached
    if reached == times:
        return larger[0]
    size = [times * side for side in image.shape[-2:]]
    return F.interpolate(larger, size, mode="bicubic", antialias=True).clamp(0, 1)[0]
