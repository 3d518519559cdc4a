"""Upscales images to the size of the output."""

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

_FALLBACKS: tuple[Fallback[int | None], ...] = (
    Fallback(None),
    Fallback(1024, "frames are upscaled in tiles of 1024 pixels"),
    Fallback(256, "frames are upscaled in tiles of 256 pixels"),
)
"""Sides in pixels of the tiles that the network is run on; None for the whole image."""


def upscale_frames(
    frames: Iterable[OutputFrame], network: Upscaler, settings: UpscaleSettings, warn: Warn = ignore_warning
) -> Iterator[OutputFrame]:
    """Yield every frame with its image upscaled; the stylised frame in it keeps the working size.

    If a GPU runs out of memory, images are upscaled in tiles, with the same result, and `warn` is called.
    """
    fallback = MemoryFallback(_FALLBACKS, warn)
    for frame in frames:

        def upscale_in_tiles(side: int | None, image: Tensor = frame.image) -> Tensor:
            return upscale(image, network, settings.upscale, side)

        with torch.inference_mode():
            larger = fallback(upscale_in_tiles)
        yield replace(frame, image=larger)


def upscale(
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    network: Upscaler,
    factor: int,
    tile: int | None = None,  # side in pixels; None for the whole image
) -> Tensor:  # [3, factor H, factor W] float32 in [0, 1]
    """Return the image upscaled: doubled until it is at least as large as asked for, then resized bicubically."""
    larger, reached = image[None], 1
    while reached < factor:
        larger, reached = upscale_tiled(network, larger, tile), FACTOR * reached
    if reached == factor:
        return larger[0]
    size = [factor * side for side in image.shape[-2:]]
    return F.interpolate(larger, size, mode="bicubic", antialias=True).clamp(0, 1)[0]
