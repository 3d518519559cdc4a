"""Blocks of depthwise and pointwise convolutions, which cost a fraction of dense 3x3 convolutions (Liu et al. 2022).

A depthwise convolution sees 5x5 or 7x7 positions of one channel, a pointwise one all channels of one position. Blocks
pad by replication, since an image of 16 pixels has two positions at an eighth of the resolution, too few to reflect.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.models.instance_norm import InstanceNorm

EXPANSION = 2
"""Channels between the two pointwise convolutions of a block, relative to those outside."""


class _DepthwiseConv(nn.Conv2d):
    """Depthwise convolution, trained in float32: on a CPU the gradient of its weights takes a sixth of the time that it
    takes in bfloat16."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__(channels, channels, kernel, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, C, H - kernel + 1, W - kernel + 1]."""
        if torch.is_grad_enabled() and x.device.type == "cpu":
            with torch.autocast("cpu", enabled=False):
                return super().forward(x.to(self.weight.dtype)).to(x.dtype)
        return super().forward(x)


class _Depthwise(nn.Sequential):
    """Padding, depthwise convolution and instance norm, which replaces its bias."""

    def __init__(self, padding: nn.Module, channels: int, kernel: int) -> None:
        super().__init__(padding, _DepthwiseConv(channels, kernel), InstanceNorm(channels))


class SeparableBlock(nn.Module):
    """Residual block: a depthwise convolution with its norm, and two pointwise ones with a ReLU between them."""

    def __init__(self, channels: int, kernel: int = 5) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _Depthwise(nn.ReplicationPad2d(kernel // 2), channels, kernel),
            nn.Conv2d(channels, EXPANSION * channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(EXPANSION * channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, C, H, W] with the block's change added."""
        change: Tensor = self.body(x)
        return x + change


class EighthLevel(nn.Module):
    """Blocks at half the resolution of the input and twice its channels, whose result is added to the input."""

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, 2 * channels, 2, stride=2)
        self.blocks = nn.Sequential(*(SeparableBlock(2 * channels, 7) for _ in range(blocks)))
        self.up = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, C, H, W] with the change made at half the resolution added; H and W are even."""
        change = self.up(self.blocks(self.down(x)))
        return x + F.interpolate(change, scale_factor=2.0, mode="bilinear", align_corners=False)


class SeparableUpsampling(nn.Sequential):
    """Bilinear upsampling to twice the size, between a pointwise and a depthwise convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 1),
            nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False),
            _Depthwise(nn.ReflectionPad2d(1), outputs, 3),
            nn.ReLU(inplace=True),
        )
