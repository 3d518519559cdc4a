"""How far a painted picture is from a photo's content and a painting's style, relative to what they are themselves.

Relative, so that a figure means about the same for every painting, film and loss network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.nets.loss_network import STYLE_LAYERS, VggFeatures
from streamstyle.ops.gram import gram_matrix

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
