"""What a painted picture is compared with: the content of a photo, the style of a painting, and itself under noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.optimise.losses import Grams, content_error, style_error

STYLE_SCALE = 5.0
"""Weight of the style against the content at a `style_weight` of 1."""

FLAT_TV_FACTOR = 4.0
"""Weight of smoothness where the photo is flat, as a multiple of that elsewhere: a Gram loss wants texture everywhere,
and where there is nothing to paint a network would make it of the faintest unevenness, such as a codec's blocks."""

FLAT_CONTRAST = 0.03
"""Range of grey, in [0, 1], within a few pixels above which a photo is not flat there."""


@dataclass(frozen=True, slots=True)
class StyleLoss:
    """The loss of training; relative errors, so that the same weights are right for every painting and network."""

    network: VggFeatures
    style_weight: float
    tv_weight: float
    noise_weight: float
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
        rough = _weighted_variation(painted, 1 + FLAT_TV_FACTOR * flatness(photos))
        total: Tensor = of_content + STYLE_SCALE * self.style_weight * of_style + self.tv_weight * rough
        return total

    def errors(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
        painted: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Grams],  # one each, or one for all
    ) -> tuple[Tensor, Tensor]:
        """Return the squared errors of content and of style, relative to the mean square of what they should be."""
        return self.errors_from_content(self.content_target(photos), painted, styles)

    def content_target(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
    ) -> Tensor:  # [N, C, H / 8, W / 8] float32
        """Return what is to be seen of the photos in their paintings."""
        with torch.no_grad():
            content: Tensor = self.network(photos, [self.content_layer])[self.content_layer].float()
        return content

    def errors_from_content(
        self,
        content: Tensor,  # [N, C, H / 8, W / 8] float32 as `content_of` gives it
        painted: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Grams],  # one each, or one for all
    ) -> tuple[Tensor, Tensor]:
        """Return what `errors` returns, where the content is known already."""
        seen = self.network(painted, (*self.style_layers, self.content_layer))
        return content_error(seen[self.content_layer], content), style_error(seen, styles, self.style_layers)

    def noise_loss(
        self,
        painted: Tensor,  # [N, 3, H, W] float in [0, 1]
        again: Tensor,  # the same pictures with noise, painted
    ) -> Tensor:
        """Return the penalty for painting a picture differently because of a little noise."""
        return self.noise_weight * F.mse_loss(again, painted)


def flatness(
    photos: Tensor,  # [N, 3, H, W] float in [0, 1]
) -> Tensor:  # [N, 1, H, W] in [0, 1]
    """Return where there is nothing but light in a photo: 1 where all is even for some ten pixels around."""
    grey = F.avg_pool2d(photos.mean(1, keepdim=True), 5, 1, 2, count_include_pad=False)
    steepest = F.max_pool2d(grey, 9, 1, 4) + F.max_pool2d(-grey, 9, 1, 4)
    return torch.exp(-(steepest / FLAT_CONTRAST).square())


def _weighted_variation(painted: Tensor, weight: Tensor) -> Tensor:
    """Return the mean squared difference of neighbours, weighted."""
    across = (painted.diff(dim=-1).square() * weight[..., 1:]).mean()
    down = (painted.diff(dim=-2).square() * weight[..., 1:, :]).mean()
    return across + down
