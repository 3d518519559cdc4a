"""Each frame alone, as the style network paints it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frames import FrameWithFlow, StylisedFrame
from streamstyle.gpu.memory import Fallback, MemoryFallback, Warn, ignore_warning
from streamstyle.models.style_net import StyleNet
from streamstyle.models.tiling import TiledStyleNet
from streamstyle.ops.image import from_uint8, preserve_colour
from streamstyle.ops.transfer import to_device
from streamstyle.settings import StyleSettings

MIN_SIDE = 32
"""Side in pixels below which no frame is shrunk for larger strokes."""


TILE_SIDES = (512, 192)
"""Pixels of the tiles that are painted where memory does not suffice for more."""

StyliseFn = Callable[[Tensor], Tensor]
"""From [1, 3, H, W] float32 in [0, 1] to the painting, of the same shape: a network, or what stands in for one."""


def stylise(
    frames: Iterable[FrameWithFlow],
    network: StyleNet,
    settings: StyleSettings,
    device: torch.device,
    warn: Warn = ignore_warning,
) -> Iterator[StylisedFrame]:
    """Yield every frame with its per-frame stylisation; `warn` is told where a GPU's memory allows only tiles of it."""
    fallbacks: list[Fallback[StyliseFn]] = [Fallback(network)]
    fallbacks += [
        Fallback(TiledStyleNet(network, side), f"frames are painted in tiles of {side} pixels") for side in TILE_SIDES
    ]
    fallback = MemoryFallback(fallbacks, warn)
    for flowed in frames:
        image = from_uint8(to_device(torch.from_numpy(flowed.frame.image), device))

        def painted_by(painter: StyliseFn, image: Tensor = image) -> Tensor:
            return stylise_image(image, painter, settings)

        with torch.inference_mode():
            painted = fallback(painted_by)
        yield StylisedFrame(flowed, painted, per_frame=painted)


def stylise_image(
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    painter: StyliseFn,
    settings: StyleSettings,
) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return one picture painted."""
    painted = _painted(image[None], painter, settings.style_scale)[0]
    if settings.strength < 1:  # the network is weakened already, but does not give a picture back exactly
        painted = image.lerp(painted, settings.strength * (2 - settings.strength))
    return preserve_colour(image, painted) if settings.preserve_colour else painted


def _painted(image: Tensor, painter: StyliseFn, scale: float) -> Tensor:
    """Return the painting; strokes have a size in pixels, so larger ones are painted on a smaller picture."""
    if scale == 1:
        return painter(image)
    height, width = (max(MIN_SIDE, round(side / scale)) for side in image.shape[-2:])
    small = F.interpolate(image, (height, width), mode="bicubic", antialias=True).clamp(0, 1)
    return F.interpolate(painter(small), image.shape[-2:], mode="bicubic", antialias=True).clamp(0, 1)
