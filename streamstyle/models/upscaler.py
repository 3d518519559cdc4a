"""The upscaler: bicubic interpolation to twice the size, plus detail from a small network.

The network works at the size of the input, with depth-to-space at the end (Shi et al. 2016): a quarter of the cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.errors import SettingsError

FACTOR = 2
"""Scale factor of the network."""

_BLUR_RADIUS = 2
"""Radius in pixels of the blur in `_high_pass`."""


@dataclass(frozen=True, slots=True)
class UpscalerConfig:
    """Shape of an upscaler; the default is that of the built-in one."""

    width: int = 32
    """Channels."""
    depth: int = 6
    """Convolutions between the first and the last."""

    def __post_init__(self) -> None:
        if self.width < 4 or self.depth < 0:
            raise SettingsError(
                f"an upscaler cannot have width {self.width} and depth {self.depth}",
                "Give a width of 4 or more and a depth of 0 or more.",
            )


class Upscaler(nn.Module):
    """The network: it maps an image to the same image at twice its size.

    Its input is high-pass filtered, and its response to a flat image is subtracted, so that colours and flat areas are
    preserved whatever it has learned.
    """

    def __init__(self, config: UpscalerConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UpscalerConfig()
        self.layers = nn.Sequential(*_layers(config))
        self.receptive_radius = config.depth + 2 + _BLUR_RADIUS
        """Pixels around one that its output depends on."""

    def to_compute_dtype(self, dtype: torch.dtype) -> Upscaler:
        """Convert the convolutions to `dtype`; return the network."""
        self.layers.to(dtype=dtype)
        return self

    def detail(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
    ) -> Tensor:  # [N, 12, H, W] float32
        """Return the detail to add: four values per pixel and channel, in the order of `pixel_shuffle`."""
        padding = (self.receptive_radius,) * 4
        high_pass = _high_pass(F.pad(image.float(), padding, mode="replicate"))  # a flat image stays flat at the border
        flat = high_pass.new_zeros(1, 3, *(2 * (self.receptive_radius - _BLUR_RADIUS) + 1,) * 2)
        return self._apply_layers(high_pass) - self._apply_layers(flat)

    def add_detail(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
        detail: Tensor,  # [N, 12, H, W] float32
    ) -> Tensor:  # [N, 3, 2 H, 2 W] float32, may exceed [0, 1] slightly
        """Return the image at twice its size, with the given detail."""
        size = [FACTOR * side for side in image.shape[-2:]]
        # antialias selects a kernel that keeps gradients even
        bicubic = F.interpolate(image.float(), size, mode="bicubic", antialias=True)
        return F.pixel_shuffle(detail, FACTOR).add_(bicubic)

    def forward(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
    ) -> Tensor:  # [N, 3, 2 H, 2 W] float32 in [0, 1]
        """Return the image at twice its size."""
        return self.add_detail(image, self.detail(image)).clamp(0, 1)

    def _apply_layers(self, high_pass: Tensor) -> Tensor:
        weight = next(self.layers.parameters())
        detail: Tensor = self.layers(high_pass.to(weight.dtype, memory_format=torch.channels_last))
        return detail.float()


def _layers(config: UpscalerConfig) -> Iterator[nn.Module]:
    """Yield the layers, without padding: a border of zeros would show in a flat image."""
    yield from (nn.Conv2d(3, config.width, 3), nn.ReLU(inplace=True))
    for _ in range(config.depth):
        yield from (nn.Conv2d(config.width, config.width, 3), nn.ReLU(inplace=True))
    last = nn.Conv2d(config.width, 3 * FACTOR**2, 3)
    nn.init.normal_(last.weight, std=1e-3)  # an untrained network adds almost nothing
    yield last


def _high_pass(image: Tensor) -> Tensor:  # [N, 3, H, W] → [N, 3, H - 4, W - 4]
    """Return the image minus its blur by [1 4 6 4 1] / 16 in both directions."""
    horizontal = _binomial(_binomial(image, -1), -1)
    blurred = _binomial(_binomial(horizontal, -2), -2)
    return image[..., _BLUR_RADIUS:-_BLUR_RADIUS, _BLUR_RADIUS:-_BLUR_RADIUS] - blurred


def _binomial(x: Tensor, dim: int) -> Tensor:
    length = x.shape[dim] - 2
    before, centre, after = (x.narrow(dim, start, length) for start in range(3))
    return (before + after).div_(2).add_(centre).div_(2)
