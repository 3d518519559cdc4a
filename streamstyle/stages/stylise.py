"""Each frame alone, as the style network paints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.frame import FlowedFrame, StylisedFrame
from streamstyle.nets.transformer import TransformerNet
from streamstyle.ops.pixels import to_tensor, with_colours_of
from streamstyle.settings import StyleSettings

SMALLEST = 32
"""Side in pixels below which no frame is shrunk for larger strokes."""


def stylise(
    frames: Iterable[FlowedFrame], network: TransformerNet, settings: StyleSettings, device: torch.device
) -> Iterator[StylisedFrame]:
    """Yield every frame with its per-frame stylisation."""
    for flowed in frames:
        image = to_tensor(flowed.frame.image, device)
        with torch.inference_mode():
            painted = paint(image, network, settings)
        yield StylisedFrame(flowed, painted, naive=painted)


def paint(
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    network: TransformerNet,
    settings: StyleSettings,
) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return one picture painted."""
    painted = _painted(image[None], network, settings.style_scale)[0]
    if settings.strength < 1:  # the network is weakened already, but does not give a picture back exactly
        painted = image.lerp(painted, settings.strength * (2 - settings.strength))
    return with_colours_of(image, painted) if settings.preserve_colour else painted


def _painted(image: Tensor, network: TransformerNet, scale: float) -> Tensor:
    """Return the painting; strokes have a size in pixels, so larger ones are painted on a smaller picture."""
    if scale == 1:
        painted: Tensor = network(image)
        return painted
    height, width = (max(SMALLEST, round(side / scale)) for side in image.shape[-2:])
    small = F.interpolate(image, (height, width), mode="bicubic", antialias=True).clamp(0, 1)
    return F.interpolate(network(small), image.shape[-2:], mode="bicubic", antialias=True).clamp(0, 1)
