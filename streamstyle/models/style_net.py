"""Johnson's image transformation network, as published and in two faster shapes (Johnson et al. 2016, supplement)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.errors import SettingsError
from streamstyle.models.instance_norm import InstanceNorm
from streamstyle.models.metadata import NetworkShape
from streamstyle.models.separable import EighthLevel, SeparableBlock, SeparableUpsampling
from streamstyle.ops.image import suppress_faint_detail
from streamstyle.ops.network_ends import CHANNELS, centre, depth_to_space, network_input


@dataclass(frozen=True, slots=True)
class StyleNetConfig:
    """Shape of a style network; the default is the published one (1.68 M parameters)."""

    width: int = 32
    """Channels at full resolution; twice and four times as many at half and at quarter resolution."""
    blocks: int = 5
    """Residual blocks at quarter resolution."""
    half_ends: bool = False
    """Enter and leave by space-to-depth and depth-to-space, so that no convolution runs at full resolution."""
    separable: bool = False
    """Blocks of a depthwise and two pointwise convolutions, in place of the two dense 3x3 convolutions as published."""
    eighth_blocks: int = 0
    """Separable blocks at an eighth of the resolution, before those at a quarter, for large strokes."""

    def __post_init__(self) -> None:
        if self.width < 4 or self.width % 4 or self.blocks < 0 or self.eighth_blocks < 0:
            raise SettingsError(
                f"a network cannot have width {self.width}, {self.blocks} and {self.eighth_blocks} blocks",
                "Give a multiple of 4 and 0 or more.",
            )

    @property
    def receptive_radius(self) -> int:
        """Pixels around an output pixel that it may depend on, apart from the norms; a multiple of 8."""
        return (
            24
            + 8 * self.blocks
            + (8 if self.separable else 0)
            + (16 + 24 * self.eighth_blocks if self.eighth_blocks else 0)
        )


SEPARABLE = StyleNetConfig(width=16, blocks=2, half_ends=True, separable=True, eighth_blocks=3)
"""The shape of the built-in styles: two thirds of the time of `DENSE`, and strokes of twice its reach."""

DENSE = StyleNetConfig(width=16, blocks=5, half_ends=True)
"""A quarter of the published network's parameters, a fifth of its time."""

SHAPES = {NetworkShape.separable: SEPARABLE, NetworkShape.dense: DENSE, NetworkShape.published: StyleNetConfig()}


class _Convolution(nn.Sequential):
    """Reflection padding, which avoids a visible border, convolution, instance norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, relu: bool = True) -> None:
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(kernel // 2),
            nn.Conv2d(inputs, outputs, kernel, stride),
            InstanceNorm(outputs),
        ]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class _Residual(nn.Module):
    """Residual block of two 3x3 convolutions, without a ReLU after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_Convolution(channels, channels, 3), _Convolution(channels, channels, 3, relu=False))

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.body(x)
        return x + residual


class _UpsampleConv(nn.Module):
    """Nearest-neighbour upsampling and a 3x3 convolution, which leaves no checkerboard (Odena et al. 2016).

    Computed as one 4x4 transposed convolution: each output depends on 2x2 inputs, which upsampling would repeat to 3x3.
    Reflection padding of the upsampled image is replicate padding of the small one.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = _Convolution(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        _, convolution, *rest = self.convolution
        assert isinstance(convolution, nn.Conv2d)
        kernel = _fold_upsampling(convolution.weight).to(x.dtype, memory_format=torch.channels_last)
        x = F.conv_transpose2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, convolution.bias, stride=2, padding=3)
        for layer in rest:
            x = layer(x)
        return x


def _fold_upsampling(
    weight: Tensor,  # [O, I, 3, 3]
) -> Tensor:  # [I, O, 4, 4], float32 at least
    """Return the kernel of the transposed convolution that equals nearest-neighbour upsampling and this convolution."""
    kernel = weight.to(torch.promote_types(weight.dtype, torch.float32)).transpose(0, 1).flip(2, 3)
    kernel = F.pad(kernel, (1, 0)) + F.pad(kernel, (0, 1))
    return F.pad(kernel, (0, 0, 1, 0)) + F.pad(kernel, (0, 0, 0, 1))


class _SpaceToDepth(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return network_input(image)


class _DepthToSpace(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return depth_to_space(features.to(torch.promote_types(features.dtype, torch.float32)))


class StyleNet(nn.Module):
    """The image transformation network: it maps an image to the stylised image of the same size."""

    def __init__(self, config: StyleNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or StyleNetConfig()
        full, half, quarter = config.width, 2 * config.width, 4 * config.width
        if config.half_ends:
            input_layers: list[nn.Module] = [_SpaceToDepth(), _Convolution(CHANNELS, half, 3)]
            upsample = SeparableUpsampling if config.separable else _UpsampleConv
            upsampling_layers: list[nn.Module] = [upsample(quarter, half)]
            last_convolution = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(half, CHANNELS, 3), _DepthToSpace())
            output_layers: list[nn.Module] = [last_convolution]
        else:
            input_layers = [_Convolution(3, full, 9), _Convolution(full, half, 3, 2)]
            upsampling_layers = [_UpsampleConv(quarter, half), _UpsampleConv(half, full)]
            output_layers = [nn.ReflectionPad2d(4), nn.Conv2d(full, 3, 9)]
        block = SeparableBlock if config.separable else _Residual
        middle_layers = [
            _Convolution(half, quarter, 3, 2),
            *([EighthLevel(quarter, config.eighth_blocks)] if config.eighth_blocks else []),
            *(block(quarter) for _ in range(config.blocks)),
        ]
        self.layers = nn.Sequential(*input_layers, *middle_layers, *upsampling_layers, *output_layers)
        self.float32_layers = next(
            index + 1 for index, layer in enumerate(input_layers) if isinstance(layer, _Convolution)
        )
        """Number of leading layers that always compute in float32. In bfloat16 values near white and black have steps
        of half a level, from which a style network makes contour lines."""

    def to_compute_dtype(self, dtype: torch.dtype) -> StyleNet:
        """Convert the layers after the first convolution to `dtype`; return the network."""
        self.layers[self.float32_layers :].to(dtype=dtype)
        return self

    def forward(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1], H and W at least 16
    ) -> Tensor:  # [N, 3, H, W] float32 in [0, 1]
        """Return the stylised images."""
        height, width = image.shape[-2:]
        grid = 8 if self.config.eighth_blocks else 4
        padded = F.pad(image, (0, -width % grid, 0, -height % grid), mode="replicate")
        first_dtype, dtype = (
            next(part.parameters()).dtype
            for part in (self.layers[: self.float32_layers], self.layers[self.float32_layers :])
        )
        padded = padded.to(first_dtype)
        if not self.config.half_ends:
            padded = centre(suppress_faint_detail(padded)).contiguous(memory_format=torch.channels_last)
        with torch.autocast(image.device.type, enabled=False):
            features = self.layers[: self.float32_layers](padded)
        stylised = self.layers[self.float32_layers :](features.to(dtype))
        return torch.sigmoid(stylised[..., :height, :width].float())
