"""One network for any style: a picture's statistics set the norms of a transformer network.

Dumoulin et al. 2017 paint many styles with one network whose instance norms are all that differs; Ghiasi et al. 2017
predict those norms from the painting. The prediction is made once for a film, so a frame costs what it costs any
`TransformerNet`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from streamstyle.models.style_net import InstanceNorm, StyleNet, StyleNetConfig
from streamstyle.models.vgg import VggFeatures

STATISTICS_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_HIDDEN = 256
_EMBEDDING = 128


class StylePredictor(nn.Module):
    """A transformer network, and what predicts its norms from a style."""

    def __init__(self, config: StyleNetConfig, statistics: int) -> None:
        """Make an untrained network for styles described by that many statistics."""
        super().__init__()
        self.style_net = StyleNet(config)
        self.norm_names = [
            f"{place}.{part}"
            for place, module in self.style_net.named_modules()
            if isinstance(module, InstanceNorm)
            for part in ("weight", "bias")
        ]
        self.norm_sizes = [self.style_net.get_parameter(name).numel() for name in self.norm_names]
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(statistics))
        self.register_buffer("deviation", torch.ones(statistics))
        self.encoder = nn.Sequential(
            nn.Linear(statistics, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, _EMBEDDING), nn.Tanh()
        )
        self.decoder = nn.Linear(_EMBEDDING, sum(self.norm_sizes))
        nn.init.normal_(self.decoder.weight, std=0.02)
        nn.init.zeros_(self.decoder.bias)
        self.identity_code = nn.Parameter(torch.zeros(_EMBEDDING))
        """The code of no style at all: with it the style network gives the picture back."""

    def embed(
        self,
        statistics: Tensor,  # [..., S] as `style_statistics` gives them
    ) -> Tensor:  # [..., 128] in [-1, 1]
        """Return what the network knows of a style."""
        code: Tensor = self.encoder(((statistics - self.mean) / self.deviation).clamp(-5, 5))
        return code

    def predict_norms(
        self,
        code: Tensor,  # [128]
    ) -> dict[str, Tensor]:
        """Return the painter's norms for a style, by their names in it: a change to those it has by itself."""
        parts = self.decoder(code).split(self.norm_sizes)
        return {
            name: self.style_net.get_parameter(name) + part for name, part in zip(self.norm_names, parts, strict=True)
        }

    def forward(
        self,
        images: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
        codes: Sequence[Tensor],  # N of [128]
    ) -> Tensor:  # [N, 3, H, W] float32 in [0, 1]
        """Return the pictures, each painted in its own style."""
        painted = [
            functional_call(self.style_net, self.predict_norms(code), (image[None],))
            for image, code in zip(images, codes, strict=True)
        ]
        return torch.cat(painted)

    def build_style_net(
        self,
        code: Tensor,  # [128]
    ) -> StyleNet:
        """Return a network of its own that paints in one style."""
        painter = StyleNet(self.style_net.config)
        with torch.no_grad():
            painter.load_state_dict(self.style_net.state_dict() | self.predict_norms(code))
        return painter


def style_statistics(
    network: VggFeatures,
    images: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
) -> Tensor:  # [N, S] float32
    """Return mean and standard deviation of every channel of the loss network's style layers."""
    with torch.no_grad():
        activations = network(images, STATISTICS_LAYERS)
    parts: list[Tensor] = []
    for name in STATISTICS_LAYERS:
        places = activations[name].float().flatten(2)
        parts += [places.mean(2), places.std(2)]
    return torch.cat(parts, 1)
