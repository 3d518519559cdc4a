"""The losses of a picture against the content of one and the style of another (Gatys 2016, Johnson 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.nets.loss_network import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.ops.gram import gram_matrix


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
