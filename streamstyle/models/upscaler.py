"""A picture at twice its size: a bicubic enlargement, and the detail that a small network adds to it.

All is done at the picture's own size and spread at the end (Shi et al. 2016), so that the network costs a quarter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.errors import SettingsError

FACTOR = 2
"""Times by which the network enlarges."""

_BLUR_RADIUS = 2
"""Pixels around one that its surroundings are the mean of."""


@dataclass(frozen=True, slots=True)
class UpscalerConfig:
    """The shape of a network; the default is what ships."""

    width: int = 32
    """Channels."""
    depth: int = 6
    """Convolutions between the first and the last."""

    def __post_init__(self) -> None:
        if self.width < 4 or self.depth < 0:
            raise SettingsError(f"an upscaler cannot have width {self.width} and depth {self.depth}", "Give more.")


class Upscaler(nn.Module):
    """A picture goes in, the same at twice its size comes out.

    It looks at what differs from its surroundings only, and what it would add to an even picture is taken off: colours
    stay what they are, and what is flat stays flat, whatever it has learned.
    """

    def __init__(self, config: UpscalerConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UpscalerConfig()
        self.layers = nn.Sequential(*_layers(config))
        self.receptive_radius = config.depth + 2 + _BLUR_RADIUS
        """Pixels around one that have a say in what becomes of it."""

    def to_compute_dtype(self, dtype: torch.dtype) -> Upscaler:
        """Let the convolutions compute in `dtype`; return the network."""
        self.layers.to(dtype=dtype)
        return self

    def detail(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
    ) -> Tensor:  # [N, 12, H, W] float32
        """Return what is to be added to a pixel's four, channel by channel."""
        side = (self.receptive_radius,) * 4
        rough = _high_pass(F.pad(image.float(), side, mode="replicate"))  # at the border a flat picture goes on as flat
        even = rough.new_zeros(1, 3, *(2 * (self.receptive_radius - _BLUR_RADIUS) + 1,) * 2)
        return self._apply_layers(rough) - self._apply_layers(even)

    def add_detail(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
        detail: Tensor,  # [N, 12, H, W] float32
    ) -> Tensor:  # [N, 3, 2 H, 2 W] float32, a little beyond [0, 1] at places
        """Return the picture enlarged, with detail that has been found before."""
        size = [FACTOR * side for side in image.shape[-2:]]
        plain = F.interpolate(image.float(), size, mode="bicubic", antialias=True)  # a kernel that leaves slopes even
        return F.pixel_shuffle(detail, FACTOR).add_(plain)

    def forward(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
    ) -> Tensor:  # [N, 3, 2 H, 2 W] float32 in [0, 1]
        """Return the picture at twice its size."""
        return self.add_detail(image, self.detail(image)).clamp(0, 1)

    def _apply_layers(self, rough: Tensor) -> Tensor:
        weight = next(self.layers.parameters())
        found: Tensor = self.layers(rough.to(weight.dtype, memory_format=torch.channels_last))
        return found.float()


def _layers(config: UpscalerConfig) -> Iterator[nn.Module]:
    """Yield the layers; none pads, for a border of zeros would be seen in a flat picture."""
    yield from (nn.Conv2d(3, config.width, 3), nn.ReLU(inplace=True))
    for _ in range(config.depth):
        yield from (nn.Conv2d(config.width, config.width, 3), nn.ReLU(inplace=True))
    last = nn.Conv2d(config.width, 3 * FACTOR**2, 3)
    nn.init.normal_(last.weight, std=1e-3)  # to begin with nothing is added
    yield last


def _high_pass(image: Tensor) -> Tensor:  # [N, 3, H, W] → [N, 3, H - 4, W - 4]
    """Return the difference of each pixel from its surroundings: the filter [1 4 6 4 1] / 16 both ways."""
    across = _binomial(_binomial(image, -1), -1)
    surroundings = _binomial(_binomial(across, -2), -2)
    return image[..., _BLUR_RADIUS:-_BLUR_RADIUS, _BLUR_RADIUS:-_BLUR_RADIUS] - surroundings


def _binomial(x: Tensor, dim: int) -> Tensor:
    length = x.shape[dim] - 2
    before, here, after = (x.narrow(dim, start, length) for start in range(3))
    return (before + after).div_(2).add_(here).div_(2)
