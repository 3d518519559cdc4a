"""The losses of a picture against the content of one and the style of another (Gatys 2016, Johnson 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures


@dataclass(frozen=True, slots=True)
class Targets:
    """What a picture should look like to the loss network."""

    content: Tensor
    """[N, C, h, w] activations at relu4_2."""
    grams: Mapping[str, Tensor]
    """Style layer → [N, C, C] float32."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The two losses, each a mean, at the scale of VGG-16's original weights."""

    content: Tensor
    style: Tensor


def compute_targets(
    network: VggFeatures,
    image: Tensor,  # [N, 3, H, W] float in [0, 1]
) -> Targets:
    """Return both targets as the image itself would set them."""
    with torch.no_grad():
        activations = network(image)
    return Targets(activations[CONTENT_LAYER], {name: gram_matrix(activations[name]) for name in STYLE_LAYERS})


def compute_losses(
    network: VggFeatures,
    image: Tensor,  # [N, 3, H, W] float in [0, 1]
    targets: Targets,
) -> Losses:
    """Return mean squared differences of activations and, summed over the style layers, of Gram matrices."""
    activations = network(image)
    content = F.mse_loss(activations[CONTENT_LAYER].float(), targets.content.float()) * network.scales.perceptual
    style = [
        F.mse_loss(gram_matrix(activations[name]), targets.grams[name].expand(len(image), -1, -1))
        * network.scales.style[name]
        for name in STYLE_LAYERS
    ]
    return Losses(content, torch.stack(style).sum())


Grams = Mapping[str, Tensor]
"""Style layer → [C, C] float32."""


def style_grams(
    network: VggFeatures,
    image: Tensor,  # [3, H, W] float in [0, 1]
    layers: Sequence[str] = STYLE_LAYERS,
) -> dict[str, Tensor]:
    """Return the style of a picture."""
    with torch.no_grad():
        activations = network(image[None], layers)
    return {name: gram_matrix(activations[name])[0] for name in layers}


def content_error(
    seen: Tensor,  # [N, C, h, w] activations of the painted pictures
    wanted: Tensor,  # [N, C, h, w] activations of the photos
) -> Tensor:
    """Return the squared error of the activations over the mean square of those wanted."""
    wanted = wanted.float()
    return F.mse_loss(seen.float(), wanted) / wanted.square().mean()


def style_error(
    activations: Mapping[str, Tensor],  # style layer → [N, C, h, w], of the painted pictures
    styles: Sequence[Grams],  # one each, or one for all
    layers: Sequence[str] = STYLE_LAYERS,
) -> Tensor:
    """Return the squared error of the Gram matrices over their mean square, mean over layers and pictures."""
    errors = [_layer_error(gram_matrix(activations[name]), [grams[name] for grams in styles]) for name in layers]
    return torch.stack(errors).mean()


def _layer_error(grams: Tensor, targets: Sequence[Tensor]) -> Tensor:
    wanted = torch.stack(list(targets)).float().expand_as(grams)
    errors = (grams - wanted).square().mean((1, 2)) / wanted.square().mean((1, 2))
    return errors.mean()


_MAX_PARTS = 128
"""Parts of a sum over all places of a picture on a GPU, at the most: it has about as many processors."""


def gram_matrix(
    features: Tensor,  # [N, C, H, W]
) -> Tensor:  # [N, C, C] float32
    """Return F Fᵀ / (C·H·W), the correlations of channels (Gatys et al. 2016; scaled as in Johnson et al. 2016)."""
    _, channels, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    if features.is_cuda:
        return split_gram(rows) / (channels * height * width)
    # One product a picture: a batched one would copy its transposed side first.
    return torch.stack([(places.T @ places).float() for places in rows]) / (channels * height * width)


def split_gram(
    rows: Tensor,  # [N, P, C]
) -> Tensor:  # [N, C, C] float32
    """Return the product of each transposed matrix with itself.

    It is small, and the sum behind each of its numbers as long as a picture is large: as one product it may be given to
    one of a GPU's processors whole. Parts are rounded each as the rows are, and added up in float32.
    """
    count, places, channels = rows.shape
    most = max(1, min(_MAX_PARTS, places // channels))  # or the parts would be larger than what they are made of
    parts = next(number for number in range(most, 0, -1) if places % number == 0)
    cut = rows.reshape(count * parts, places // parts, channels)
    products = torch.bmm(cut.transpose(1, 2), cut)
    return products.view(count, parts, channels, channels).sum(1, dtype=torch.float32)
