"""VGG (Simonyan & Zisserman 2014), the network that the losses are defined on, in any width."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONVOLUTIONS = (
    ("conv1_1", "conv1_2"),
    ("conv2_1", "conv2_2"),
    ("conv3_1", "conv3_2", "conv3_3", "conv3_4"),
    ("conv4_1", "conv4_2", "conv4_3", "conv4_4"),
    ("conv5_1",),
)
"""VGG-19 up to the last layer that a loss reads; VGG-16 lacks conv3_4 and conv4_4."""

NEEDED_CONVOLUTIONS = {layer.replace("relu", "conv") for layer in (*STYLE_LAYERS, CONTENT_LAYER)}
"""Convolutions that any loss network has; the others may be missing."""

FIRST_AFTER_POOLING = {"relu2_1", "relu3_1", "relu4_1", "relu5_1"}

IMAGENET_MEAN = (123.68, 116.779, 103.939)
"""Mean RGB of ImageNet in 0..255, which VGG expects to be subtracted."""


@dataclass(frozen=True, slots=True)
class LossScales:
    """Factors that scale a network's losses to those of VGG-16 with its original weights, for which the weights of the
    objective are defined."""

    perceptual: float = 1.0
    style: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(STYLE_LAYERS, 1.0))

    def to_json(self) -> str:
        """Return the text for the metadata of a weights file."""
        return json.dumps({"perceptual": self.perceptual, "style": dict(self.style)})


class VggFeatures(nn.Module):
    """The convolutions of VGG up to relu5_1, of any width."""

    def __init__(self, widths: Mapping[str, int], scales: LossScales | None = None) -> None:
        """Create an untrained network: `widths` maps names like `conv3_2` to their output channels."""
        super().__init__()
        self.scales = scales or LossScales()
        self.gain = 255.0
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) / 255, persistent=False)
        channels = 3
        for block in CONVOLUTIONS:
            for name in block:
                if name in widths:
                    self.add_module(name, nn.Conv2d(channels, widths[name], 3, padding=1))
                    channels = widths[name]

    @property
    def dtype(self) -> torch.dtype:
        """The type that the network computes in."""
        weight: Tensor = self.get_submodule("conv1_1").weight  # type: ignore[assignment]
        return weight.dtype

    def convolutions(self) -> list[tuple[str, nn.Conv2d]]:
        """Return the convolutions in order, each with the name of its activation, such as `relu3_2`."""
        named = [(name.replace("conv", "relu"), module) for name, module in self.named_children()]
        return [(name, module) for name, module in named if isinstance(module, nn.Conv2d)]

    def preprocess(self, image: Tensor) -> Tensor:
        """Return the input of the first convolution: the image minus the mean, at the scale that the weights expect."""
        return ((image - self.mean) * self.gain).to(self.dtype, memory_format=torch.channels_last)

    def forward(
        self,
        image: Tensor,  # [N, 3, H, W] float RGB in [0, 1], H and W at least 16
        layers: Sequence[str] = (*STYLE_LAYERS, CONTENT_LAYER),
    ) -> dict[str, Tensor]:  # name → [N, C, H / 2^k, W / 2^k]
        """Return the activations of `layers`, named `reluB_I` as in the papers."""
        activation = self.preprocess(image)
        activations: dict[str, Tensor] = {}
        for layer, convolution in self.convolutions():
            if layer in FIRST_AFTER_POOLING:
                activation = F.max_pool2d(activation, 2)
            activation = F.relu(convolution(activation), inplace=True)
            if layer in layers:
                activations[layer] = activation
                if len(activations) == len(layers):
                    break
        return activations
