"""Johnson's transformer network, as published and made fast (Johnson et al. 2016, supplement)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.errors import SettingsError
from streamstyle.models.metadata import NetworkShape
from streamstyle.ops.image import suppress_faint_detail


@dataclass(frozen=True, slots=True)
class StyleNetConfig:
    """The shape of a network; the default is the published one (1.68 M parameters)."""

    width: int = 32
    """Channels at full resolution; twice and four times as many at half and at quarter resolution."""
    blocks: int = 5
    """Residual blocks at quarter resolution."""
    half_ends: bool = False
    """Enter and leave at half resolution, by space-to-depth and back; no convolution runs at full resolution."""

    def __post_init__(self) -> None:
        if self.width < 4 or self.width % 4 or self.blocks < 0:
            raise SettingsError(
                f"a network cannot have width {self.width} and {self.blocks} blocks", "Width is a multiple of 4."
            )


FAST = StyleNetConfig(width=16, blocks=5, half_ends=True)
"""A quarter of the published network's parameters, a fifth of its time: what the styles that ship are made of."""

SHAPES = {NetworkShape.fast: FAST, NetworkShape.published: StyleNetConfig()}


class _Convolution(nn.Sequential):
    """Reflection padding, so that no border shows, convolution, instance norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, relu: bool = True) -> None:
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(kernel // 2),
            nn.Conv2d(inputs, outputs, kernel, stride),
            InstanceNorm(outputs),
        ]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class _Residual(nn.Module):
    """Two 3x3 convolutions and a way round them; no ReLU after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_Convolution(channels, channels, 3), _Convolution(channels, channels, 3, relu=False))

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.body(x)
        return x + change


class _UpsampleConv(nn.Module):
    """Nearest-neighbour upsampling and a 3x3 convolution, which leaves no checkerboard (Odena et al. 2016).

    Both at once, as one transposed convolution of 4x4: each of its outputs sees 2x2 inputs, of which nearest-neighbour
    upsampling would have made the 3x3. What mirrors the large picture at its edge repeats the edge of the small one.
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
    """Return the kernel of the transposed convolution that upsamples to nearest neighbours and convolves."""
    kernel = weight.to(torch.promote_types(weight.dtype, torch.float32)).transpose(0, 1).flip(2, 3)
    kernel = F.pad(kernel, (1, 0)) + F.pad(kernel, (0, 1))
    return F.pad(kernel, (0, 0, 1, 0)) + F.pad(kernel, (0, 0, 0, 1))


class _DepthToSpace(nn.Sequential):
    """Depth to space, then a filter with its zero at the frequency of the grid that depth-to-space may leave."""

    def __init__(self, inputs: int) -> None:
        super().__init__(nn.ReflectionPad2d(1), nn.Conv2d(inputs, 12, 3), nn.PixelShuffle(2), _Binomial())


class _Binomial(nn.Module):
    """The filter [1 2 1] / 4 both ways: whatever repeats every two pixels it takes away whole."""

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, C, H, W] filtered; mirrored at the border, where a grid goes on as a grid."""
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        across = padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]
        return (across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]) / 16


class StyleNet(nn.Module):
    """An image goes in, a painting comes out, of the same size."""

    def __init__(self, config: StyleNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or StyleNetConfig()
        full, half, quarter = config.width, 2 * config.width, 4 * config.width
        if config.half_ends:
            entry: list[nn.Module] = [nn.PixelUnshuffle(2), _Convolution(12, half, 3)]
            up: list[nn.Module] = [_UpsampleConv(quarter, half)]
            exit_: list[nn.Module] = [_DepthToSpace(half)]
        else:
            entry = [_Convolution(3, full, 9), _Convolution(full, half, 3, 2)]
            up = [_UpsampleConv(quarter, half), _UpsampleConv(half, full)]
            exit_ = [nn.ReflectionPad2d(4), nn.Conv2d(full, 3, 9)]
        middle = [_Convolution(half, quarter, 3, 2), *(_Residual(quarter) for _ in range(config.blocks))]
        self.layers = nn.Sequential(*entry, *middle, *up, *exit_)
        self.float32_layers = next(place + 1 for place, layer in enumerate(entry) if isinstance(layer, _Convolution))
        """Layers that compute in float32 whatever the others do. In bfloat16 white and black have steps of half a
        level, of which a network made to find strokes paints contour lines."""

    def to_compute_dtype(self, dtype: torch.dtype) -> StyleNet:
        """Let the layers behind the first convolution compute in `dtype`; return the network."""
        self.layers[self.float32_layers :].to(dtype=dtype)
        return self

    def forward(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1], any size from 16 up
    ) -> Tensor:  # [N, 3, H, W] float32 in [0, 1]
        """Return the painting."""
        height, width = image.shape[-2:]
        padded = F.pad(image, (0, -width % 4, 0, -height % 4), mode="replicate")
        exact, fast = (
            next(part.parameters()).dtype
            for part in (self.layers[: self.float32_layers], self.layers[self.float32_layers :])
        )
        with torch.autocast(image.device.type, enabled=False):
            centred = suppress_faint_detail(padded).sub_(0.5).mul_(4)
            begun = self.layers[: self.float32_layers](centred.to(exact, memory_format=torch.channels_last))
        painted = self.layers[self.float32_layers :](begun.to(fast))
        return torch.sigmoid(painted[..., :height, :width].float())


class InstanceNorm(nn.GroupNorm):
    """Every channel of every picture brought to its own mean and deviation.

    With as many groups as channels, torch's group norm is instance norm and keeps channels_last; on a CPU its forward
    pass is five times faster than `nn.InstanceNorm2d`. Its backward pass is slow, half of a training step, so there is
    another for training.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, C, H, W] normalised, scaled and shifted."""
        if torch.is_grad_enabled() and x.requires_grad and x.device.type == "cpu":
            normalised: Tensor = _InstanceNormFunction.apply(x, self.weight, self.bias, self.eps)  # type: ignore[no-untyped-call]
            return normalised
        return super().forward(x)


class _InstanceNormFunction(torch.autograd.Function):
    """Group norm forward; backward by the formula of batch norm (Ioffe & Szegedy 2015), one picture at a time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        channels = x.shape[1]
        normal, mean, deviation = torch.native_group_norm(
            x, weight.to(x.dtype), bias.to(x.dtype), len(x), channels, x[0, 0].numel(), channels, eps
        )
        ctx.save_for_backward(x, weight, mean, deviation)
        return normal

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, mean, deviation = ctx.saved_tensors  # the last is 1 / the standard deviation
        size = (len(x), -1, x.shape[1])
        places = x.permute(0, 2, 3, 1).reshape(size)
        incoming = gradients[0].permute(0, 2, 3, 1).reshape(size)
        mean, deviation = mean.view(len(x), 1, -1).float(), deviation.view(len(x), 1, -1).float()
        total = incoming.sum(1, keepdim=True, dtype=torch.float32)
        along = (incoming * places).sum(1, keepdim=True, dtype=torch.float32)
        along = (along - mean * total) * deviation
        count = places.shape[1]
        # dx = w·d·(g - mean(g) - x̂·mean(g·x̂)), as one scale of g, one of x and one shift
        of_gradient = weight * deviation
        of_x = -of_gradient * deviation * along / count
        shift = -of_gradient * total / count - of_x * mean
        outgoing = torch.addcmul(shift.to(x.dtype).expand_as(places), places, of_x.to(x.dtype)).addcmul_(
            incoming, of_gradient.to(x.dtype)
        )
        restored = outgoing.view(len(x), x.shape[2], x.shape[3], x.shape[1]).permute(0, 3, 1, 2)
        return restored, along.sum((0, 1)), total.sum((0, 1)), None
