"""Content and style losses of images by a VGG network (Gatys et al. 2016, Johnson et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures

Grams = Mapping[str, Tensor]
"""Style layer → [C, C] float32."""

_MAX_PARTS = 128
"""Maximum number of partial sums over the positions of an image: about the number of processors of a GPU."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets of the losses."""

    content: Tensor
    """[N, C, h, w] activations at relu4_2."""
    grams: Mapping[str, Tensor]
    """Style layer → [N, C, C] float32."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Scalar losses, means at the scale of VGG-16's original weights."""

    content: Tensor
    style: Tensor


def compute_targets(
    network: VggFeatures,
    image: Tensor,  # [N, 3, H, W] float in [0, 1]
) -> Targets:
    """Return the content and the style of an image as targets."""
    with torch.no_grad():
        activations = network(image)
    return Targets(activations[CONTENT_LAYER], {name: gram_matrix(activations[name]) for name in STYLE_LAYERS})


def compute_losses(
    network: VggFeatures,
    image: Tensor,  # [N, 3, H, W] float in [0, 1]
    targets: Targets,
) -> Losses:
    """Return the mean squared difference of activations, and that of Gram matrices summed over the style layers."""
    activations = network(image)
    content = F.mse_loss(activations[CONTENT_LAYER].float(), targets.content.float()) * network.scales.perceptual
    style = [
        F.mse_loss(gram_matrix(activations[name]), targets.grams[name].expand(len(image), -1, -1))
        * network.scales.style[name]
        for name in STYLE_LAYERS
    ]
    return Losses(content, torch.stack(style).sum())


def style_grams(
    network: VggFeatures,
    image: Tensor,  # [3, H, W] float in [0, 1]
    layers: Sequence[str] = STYLE_LAYERS,
) -> dict[str, Tensor]:
    """Return the Gram matrices of an image."""
    with torch.no_grad():
        activations = network(image[None], layers)
    return {name: gram_matrix(activations[name])[0] for name in layers}


def content_error(
    activations: Tensor,  # [N, C, h, w] of the stylised images
    target: Tensor,  # [N, C, h, w] activations of the photos
) -> Tensor:
    """Return the mean squared error of the activations, relative to the mean square of the target."""
    target = target.float()
    return F.mse_loss(activations.float(), target) / target.square().mean()


def style_error(
    activations: Mapping[str, Tensor],  # style layer → [N, C, h, w], of the stylised images
    styles: Sequence[Grams],  # one each, or one for all
    layers: Sequence[str] = STYLE_LAYERS,
) -> Tensor:
    """Return the mean squared error of Gram matrices, relative to their mean square; mean over layers and images."""
    return style_errors(activations, styles, layers).mean()


def style_errors(
    activations: Mapping[str, Tensor],  # style layer → [N, C, h, w], of the stylised images
    styles: Sequence[Grams],  # one each, or one for all
    layers: Sequence[str],
) -> Tensor:  # [len(layers)]
    """Return the errors that `style_error` is the mean of."""
    errors = [_layer_error(gram_matrix(activations[name]), [grams[name] for grams in styles]) for name in layers]
    return torch.stack(errors)


def gram_matrix(
    features: Tensor,  # [N, C, H, W]
) -> Tensor:  # [N, C, C] float32
    """Return F Fᵀ / (C·H·W), the correlation of channels (Gatys et al. 2016; scaled as in Johnson et al. 2016)."""
    _, channels, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    if features.is_cuda:
        return split_gram(rows) / (channels * height * width)
    # One product per image: a batched one would copy its transposed operand.
    return torch.stack([(positions.T @ positions).float() for positions in rows]) / (channels * height * width)


def split_gram(
    rows: Tensor,  # [N, P, C]: P positions
) -> Tensor:  # [N, C, C] float32
    """Return rowsᵀ rows of each matrix, summed in parts.

    The product is small but sums over all pixels, so that a single multiplication might run on one processor of a GPU.
    Each part is rounded to the dtype of the rows; parts are added in float32.
    """
    count, positions, channels = rows.shape
    most = max(1, min(_MAX_PARTS, positions // channels))  # more would make the products larger than the rows
    parts = next(number for number in range(most, 0, -1) if positions % number == 0)
    split = rows.reshape(count * parts, positions // parts, channels)
    products = torch.bmm(split.transpose(1, 2), split)
    return products.view(count, parts, channels, channels).sum(1, dtype=torch.float32)


def _layer_error(grams: Tensor, targets: Sequence[Tensor]) -> Tensor:
    target = torch.stack(list(targets)).float().expand_as(grams)
    errors = (grams - target).square().mean((1, 2)) / target.square().mean((1, 2))
    return errors.mean()
