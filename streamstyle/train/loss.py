"""The loss that style networks are trained with (Johnson et al. 2016), plus stability under noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.gpu.device import compute_dtype
from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.optimise.losses import Grams, content_error, style_errors, style_grams
from streamstyle.train.grid import grid_loss

STYLE_SHARES = {"relu1_1": 0.02, "relu2_1": 0.2, "relu3_1": 0.26, "relu4_1": 0.39, "relu5_1": 0.13}
"""Share of each layer in the style loss. With equal ones a network meets colours and the finest texture, which is easy
(relu1_1 and relu2_1), and leaves the strokes, which relu4_1 sees: docs/models.md has figures."""

STYLE_SCALE = 5.0
"""Weight of the style loss relative to the content loss, at a `style_weight` of 1."""

FLAT_TV_FACTOR = 4.0
"""Extra weight of total variation where the photo is flat, relative to elsewhere. A Gram loss asks for texture
everywhere; in flat areas a network would make it from the faintest variation, such as a codec's blocks."""

FLAT_CONTRAST = 0.03
"""Local range of grey levels, in [0, 1], around which a photo stops counting as flat."""


@dataclass(frozen=True, slots=True)
class StyleLoss:
    """The training loss, of relative errors: the same weights suit every style image and loss network."""

    network: VggFeatures
    style_weight: float
    tv_weight: float
    noise_weight: float
    content_layer: str = CONTENT_LAYER
    style_layers: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(STYLE_LAYERS, 1.0))
    """Style layer → its share of the style loss, relative to the others'."""

    def loss(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
        stylised: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Sequence[Grams]],  # at full size, half of it, a quarter, ...: one per image, or one for all
    ) -> Tensor:
        """Return the weighted sum of content loss, style loss, total variation and grid.

        The style loss is the mean over the sizes (Gatys et al. 2017): one alone asks for the same small strokes
        everywhere.
        """
        content, style = self.errors(photos, stylised, styles[0])
        style = torch.stack([style, *self.smaller_errors(stylised, styles[1:])]).mean()
        variation = _weighted_variation(stylised, 1 + FLAT_TV_FACTOR * flatness(photos))
        total: Tensor = content + STYLE_SCALE * self.style_weight * style + self.tv_weight * variation
        return total + grid_loss(stylised.float())

    def errors(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
        stylised: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Grams],  # one per image, or one for all
    ) -> tuple[Tensor, Tensor]:
        """Return content and style loss: squared errors, relative to the mean square of the target."""
        return self.errors_from_content(self.content_target(photos), stylised, styles)

    def content_target(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
    ) -> Tensor:  # [N, C, H / 8, W / 8] float32
        """Return the content target: the photos' activations of the content layer."""
        with torch.no_grad():
            content: Tensor = self.network(photos, [self.content_layer])[self.content_layer].float()
        return content

    def errors_from_content(
        self,
        content: Tensor,  # [N, C, H / 8, W / 8] float32 as `content_target` gives it
        stylised: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Grams],  # one per image, or one for all
    ) -> tuple[Tensor, Tensor]:
        """Return what `errors` returns, from the content target in place of the photos."""
        activations = self.network(stylised, (*self.style_layers, self.content_layer))
        return content_error(activations[self.content_layer], content), self._style_error(activations, styles)

    def smaller_errors(
        self,
        stylised: Tensor,  # [N, 3, H, W] float in [0, 1]
        styles: Sequence[Sequence[Grams]],  # at half the size, a quarter, ...: one per image, or one for all
    ) -> Iterator[Tensor]:
        """Yield the style loss of the images at half their size, a quarter, ..."""
        for grams in styles:
            stylised = F.avg_pool2d(stylised, 2)
            yield self._style_error(self.network(stylised, [*self.style_layers]), grams)

    def _style_error(self, activations: Mapping[str, Tensor], styles: Sequence[Grams]) -> Tensor:
        errors = style_errors(activations, styles, [*self.style_layers])
        shares = self.style_layers.values()
        return torch.stack([share * error for share, error in zip(shares, errors, strict=True)]).sum() / sum(shares)

    def stability_loss(
        self,
        expected: Tensor,  # [N, 3, H, W] float in [0, 1]
        perturbed: Tensor,  # the stylised versions of the perturbed images
    ) -> Tensor:
        """Return the weighted squared difference of what `perturb` expects and of what the network makes."""
        return self.noise_weight * F.mse_loss(perturbed, expected)


def for_training(network: VggFeatures, device: torch.device) -> VggFeatures:
    """Return a loss network as training computes with it: on the device, in its dtype, channels last."""
    network.to(device, compute_dtype(device)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def grams_by_scale(
    network: VggFeatures,
    image: Tensor,  # [3, H, W] float in [0, 1]
    scales: int,
    layers: Iterable[str],
) -> list[dict[str, Tensor]]:
    """Return the Gram matrices of an image at its size, at half of it, a quarter, ..."""
    return [style_grams(network, F.avg_pool2d(image, 2**scale), [*layers]) for scale in range(scales)]


def flatness(
    photos: Tensor,  # [N, 3, H, W] float in [0, 1]
) -> Tensor:  # [N, 1, H, W] in [0, 1]
    """Return how flat a photo is: 1 where it is even for some ten pixels around."""
    grey = F.avg_pool2d(photos.mean(1, keepdim=True), 5, 1, 2, count_include_pad=False)
    contrast = _largest_around(grey) + _largest_around(-grey)
    return torch.exp(-(contrast / FLAT_CONTRAST).square())


def _largest_around(image: Tensor) -> Tensor:
    """Return the largest value of 9x9 pixels, column by column and row by row, which takes a fifth of the time."""
    return F.max_pool2d(F.max_pool2d(image, (9, 1), 1, (4, 0)), (1, 9), 1, (0, 4))


def _weighted_variation(stylised: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted total variation: the mean squared difference of neighbouring pixels."""
    horizontal = (stylised.diff(dim=-1).square() * weight[..., 1:]).mean()
    vertical = (stylised.diff(dim=-2).square() * weight[..., 1:, :]).mean()
    return horizontal + vertical
