"""The style predictor: it predicts the norms of a style network from the statistics of any style image.

Dumoulin et al. 2017 stylise in many styles with one network, of which only the instance norms differ per style; Ghiasi
et al. 2017 predict those norms from the style image. One prediction serves a whole film, so a frame takes as long as
with any `StyleNet`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from streamstyle.models.instance_norm import InstanceNorm
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.vgg import VggFeatures

STATISTICS_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_HIDDEN = 256
_EMBEDDING = 128


class StylePredictor(nn.Module):
    """A style network shared by all styles, and the layers that predict its norms from the statistics of a style."""

    def __init__(self, config: StyleNetConfig, statistics: int) -> None:
        """Create an untrained network for styles described by this many statistics."""
        super().__init__()
        self.style_net = StyleNet(config)
        self.norm_names = [
            f"{name}.{part}"
            for name, module in self.style_net.named_modules()
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
        """The code, before tanh, with which the style network returns its input."""

    def embed(
        self,
        statistics: Tensor,  # [..., S] as `style_statistics` gives them
    ) -> Tensor:  # [..., 128] in [-1, 1]
        """Return the code of a style."""
        code: Tensor = self.encoder(((statistics - self.mean) / self.deviation).clamp(-5, 5))
        return code

    def predict_norms(
        self,
        code: Tensor,  # [128]
    ) -> dict[str, Tensor]:
        """Return the parameters of the style network's norms, by name: its own plus the predicted change."""
        parts = self.decoder(code).split(self.norm_sizes)
        return {
            name: self.style_net.get_parameter(name) + part for name, part in zip(self.norm_names, parts, strict=True)
        }

    def forward(
        self,
        images: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
        codes: Sequence[Tensor],  # M of [128]; M divides N
    ) -> Tensor:  # [N, 3, H, W] float32 in [0, 1]
        """Return the images stylised, the first N / M with the first code and so on."""
        stylised = [
            functional_call(self.style_net, self.predict_norms(code), (part,))
            for part, code in zip(images.chunk(len(codes)), codes, strict=True)
        ]
        return torch.cat(stylised)

    def build_style_net(
        self,
        code: Tensor,  # [128]
    ) -> StyleNet:
        """Return a style network of its own for one style."""
        style_net = StyleNet(self.style_net.config)
        with torch.no_grad():
            style_net.load_state_dict(self.style_net.state_dict() | self.predict_norms(code))
        return style_net


def style_statistics(
    network: VggFeatures,
    images: Tensor,  # [N, 3, H, W] float RGB in [0, 1]
) -> Tensor:  # [N, S] float32
    """Return mean and standard deviation of every channel of `STATISTICS_LAYERS`."""
    with torch.no_grad():
        activations = network(images, STATISTICS_LAYERS)
    parts: list[Tensor] = []
    for name in STATISTICS_LAYERS:
        pixels = activations[name].float().flatten(2)
        mean = pixels.mean(2, keepdim=True)
        variance = (pixels - mean).square().sum(2) / (pixels.shape[2] - 1)  # several times as fast as `Tensor.std`
        parts += [mean[..., 0], variance.sqrt()]
    return torch.cat(parts, 1)
