"""What a painted picture is compared with: the content of a photo, the style of a painting, and itself under noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.nets.loss_network import CONTENT_LAYER, STYLE_LAYERS, LossNetwork
from streamstyle.nets.relative import Grams, content_error, style_error

STYLE_SHARE = 5.0
"""Weight of the style against the content at a `style_weight` of 1."""

NOISE = 0.03
"""Standard deviation of the noise a picture is disturbed by: a camera's, in poor light."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The loss of training; relative errors, so that the same weights are right for every painting and network."""

    network: LossNetwork
    style_weight: float
    tv_weight: float
    steady_weight: float
    content_layer: str = CONTENT_LAYER
    style_layers: Sequence[str] = STYLE_LAYERS

    def loss(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
        painted: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Grams],  # one each, or one for all
    ) -> Tensor:
        """Return the relative errors of content and of style, and the roughness."""
        of_content, of_style = self.errors(photos, painted, styles)
        across, down = painted.diff(dim=-1).square().mean(), painted.diff(dim=-2).square().mean()
        total: Tensor = of_content + STYLE_SHARE * self.style_weight * of_style + self.tv_weight * (across + down)
        return total

    def errors(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
        painted: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Grams],  # one each, or one for all
    ) -> tuple[Tensor, Tensor]:
        """Return the squared errors of content and of style, relative to the mean square of what they should be."""
        with torch.no_grad():
            content = self.network(photos, [self.content_layer])[self.content_layer].float()
        seen = self.network(painted, (*self.style_layers, self.content_layer))
        return content_error(seen[self.content_layer], content), style_error(seen, styles, self.style_layers)

    def unsteadiness(
        self,
        painted: Tensor,  # [N, 3, H, W] float in [0, 1]
        again: Tensor,  # the same pictures with noise, painted
    ) -> Tensor:
        """Return the penalty for painting a picture differently because of a little noise."""
        return self.steady_weight * F.mse_loss(again, painted)


def noisy(images: Tensor) -> Tensor:
    """Return the pictures as a camera would see them the next moment."""
    return (images + NOISE * torch.randn_like(images)).clamp(0, 1)
