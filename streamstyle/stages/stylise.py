"""Per-frame stylisation: every frame alone through the style network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frames import FrameWithFlow, StylisedFrame
from streamstyle.gpu.memory import Fallback, MemoryFallback, Warn, ignore_warning
from streamstyle.looks import Look
from streamstyle.models.style_net import StyleNet
from streamstyle.models.tiling import TiledStyleNet
from streamstyle.ops.contrast import fade_with_contrast
from streamstyle.ops.image import from_levels, preserve_colour
from streamstyle.ops.transfer import to_device
from streamstyle.settings import StyleSettings
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks

StyliseFn = Callable[[Tensor], Tensor]
"""From [1, 3, H, W] float32 in [0, 1] to the stylised image of the same shape: a network, whole or in tiles."""

_TILE_SIDES = (512, 192)
"""Sides in pixels of the tiles that are tried in turn where memory does not suffice."""

_MIN_SIDE = 32
"""Side in pixels below which no frame is shrunk for larger strokes."""


def stylise(
    frames: Iterable[FrameWithFlow],
    looks: FrameLooks,
    networks: LookNetworks,
    device: torch.device,
    warn: Warn = ignore_warning,
) -> Iterator[StylisedFrame]:
    """Yield every frame stylised in its look; `warn` is called where memory does not suffice and tiles are used.

    While a look changes, less is carried to a frame; nothing where its strength is 0, so that it stays as it is.
    """
    fallbacks: list[Fallback[int | None]] = [Fallback(None)]
    fallbacks += [Fallback(side, f"frames are stylised in tiles of {side} pixels") for side in _TILE_SIDES]
    fallback = MemoryFallback(fallbacks, warn)
    for flowed in frames:
        image = from_levels(to_device(torch.from_numpy(flowed.frame.pixels), device))
        look = looks.at(flowed.frame)
        if look.strength == 0:
            yield StylisedFrame(replace(flowed, motion=None, lookback=()), image, per_frame=image)
            continue
        network = networks.network(look)

        def stylise_with(
            tile: int | None, image: Tensor = image, network: StyleNet = network, look: Look = look
        ) -> Tensor:
            return stylise_image(image, network if tile is None else TiledStyleNet(network, tile), look)

        with torch.inference_mode():
            stylised = fallback(stylise_with)
        yield StylisedFrame(flowed.trusted_less(looks.kept(flowed.frame)), stylised, per_frame=stylised)


def stylise_image(
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    stylise_fn: StyliseFn,
    look: StyleSettings | Look,
) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return one image stylised; one with hardly any contrast remains so."""
    stylised = fade_with_contrast(_stylise_scaled(image[None], stylise_fn, look.style_scale)[0], image)
    if look.strength < 1:  # the network's weights are blended already, but it does not return an image unchanged
        stylised = image.lerp(stylised, look.strength * (2 - look.strength))
    if look.preserve_colour:
        stylised = stylised.lerp(preserve_colour(image, stylised), float(look.preserve_colour))
    return stylised


def _stylise_scaled(image: Tensor, stylise_fn: StyliseFn, scale: float) -> Tensor:
    """Return the image stylised with strokes `scale` times as large: strokes have a size in pixels, so on a smaller
    image they are larger."""
    if scale == 1:
        return stylise_fn(image)
    height, width = (max(_MIN_SIDE, round(side / scale)) for side in image.shape[-2:])
    small = F.interpolate(image, (height, width), mode="bicubic", antialias=True).clamp(0, 1)
    return F.interpolate(stylise_fn(small), image.shape[-2:], mode="bicubic", antialias=True).clamp(0, 1)
