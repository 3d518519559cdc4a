"""The losses of `descent.losses_and_gradient` where the activations of a whole picture do not fit into memory.

Exact but for rounding: tiles overlap by as far as the deepest activation sees, each pixel's losses count in one tile,
and Gram matrices are summed over all tiles first. So every tile goes up twice and down once.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from streamstyle.nets.descent import Step, backward, forward, losses_and_gradient
from streamstyle.nets.loss_network import CONTENT_LAYER, STYLE_LAYERS, LossNetwork
from streamstyle.nets.perceptual import Targets, targets_of
from streamstyle.nets.tiles import Tile, tiles_of
from streamstyle.ops.gram import gram_matrix

_GRID = 16
"""Stride of the deepest layer: cuts between pixels must be cuts between its activations."""

_MARGIN = 80
"""relu5_1 of VGG-19 sees 70 pixels beyond the 16 that it stands for; rounded up to the grid."""


def targets_within(
    network: LossNetwork,
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    tile: int | None,
) -> Targets:
    """Return the targets that the image sets, looked at in tiles of so many pixels; None for the whole at once."""
    return targets_of(network, image[None]) if tile is None else tiled_targets_of(network, image, tile)


def losses_and_gradient_within(
    network: LossNetwork,
    image: Tensor,  # [3, H, W] float32
    targets: Targets,  # of one image
    perceptual_weight: float,
    style_weight: float,
    tile: int | None,
) -> tuple[Tensor, Tensor]:  # [2], [3, H, W], both float32
    """Return what `descent.losses_and_gradient` does, in tiles of so many pixels; None for the whole at once."""
    if tile is None:
        return losses_and_gradient(network, image, targets, perceptual_weight, style_weight)
    return tiled_losses_and_gradient(network, image, targets, perceptual_weight, style_weight, tile)


@torch.no_grad()
def tiled_targets_of(
    network: LossNetwork,
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    side: int,  # of a tile's core, in pixels, about
) -> Targets:
    """Return what `perceptual.targets_of` does."""
    height, width = image.shape[-2:]
    content = None
    for tile in _tiles(image, side):
        part = network(tile.cut(image)[None], (CONTENT_LAYER,))[CONTENT_LAYER]
        stride = _stride(CONTENT_LAYER)
        if content is None:
            content = part.new_empty(1, part.shape[1], height // stride, width // stride)
        tile.place(content, stride).copy_(tile.core(part, stride))
    assert content is not None
    return Targets(content, _grams(network, image, side))


@torch.no_grad()
def tiled_losses_and_gradient(
    network: LossNetwork,
    image: Tensor,  # [3, H, W] float32
    targets: Targets,  # of one image
    perceptual_weight: float,
    style_weight: float,
    side: int,  # of a tile's core, in pixels, about
) -> tuple[Tensor, Tensor]:  # [2], [3, H, W], both float32
    """Return what `descent.losses_and_gradient` does."""
    style = torch.zeros((), device=image.device)
    pulls: dict[str, Tensor] = {}
    for layer, gram in _grams(network, image, side).items():
        difference, weight = (gram - targets.grams[layer])[0], style_weight * network.scales.style[layer]
        style += weight * difference.square().mean()
        pulls[layer] = difference * (4 * weight / (difference.numel() * _size(image, layer, len(difference))))
    gradient, squares = torch.zeros_like(image), torch.zeros((), device=image.device)
    content_weight = perceptual_weight * network.scales.perceptual / targets.content.numel()
    for tile in _tiles(image, side):

        def pull(slope: Tensor, step: Step, tile: Tile = tile) -> None:
            stride = _stride(step.layer)
            here, activation = tile.core(slope, stride), tile.core(step.output, stride)
            if step.layer in pulls:
                here.add_(torch.einsum("nchw,cd->ndhw", activation, pulls[step.layer].to(activation.dtype)))
            if step.layer == CONTENT_LAYER:
                difference = activation.float() - tile.place(targets.content, stride).float()
                squares.add_(difference.square().sum())
                here.add_(difference.to(here.dtype), alpha=2 * content_weight)

        tile.cut(gradient).add_(backward(network, forward(network, tile.cut(image)), pull))
    return torch.stack((content_weight * squares, style)), gradient


def _grams(network: LossNetwork, image: Tensor, side: int) -> dict[str, Tensor]:
    """Return the Gram matrix of the whole picture at each layer of style, as `gram_matrix` scales it."""
    grams: dict[str, Tensor] = {}
    for tile in _tiles(image, side):
        for layer, activation in network(tile.cut(image)[None], STYLE_LAYERS).items():
            own = tile.core(activation, _stride(layer))
            share = own[0].numel() / _size(image, layer, own.shape[1])
            grams[layer] = grams.get(layer, 0) + gram_matrix(own) * share
    return grams


def _tiles(image: Tensor, side: int) -> Iterator[Tile]:
    height, width = image.shape[-2:]
    return tiles_of(height, width, side, _MARGIN, _GRID)


def _stride(layer: str) -> int:
    """Return the pixels of the picture between activations of `reluB_I`: blocks are pooled by two."""
    return 1 << (int(layer[len("relu")]) - 1)


def _size(image: Tensor, layer: str, channels: int) -> int:
    """Return how many activations the whole picture has at a layer."""
    height, width = (side // _stride(layer) for side in image.shape[-2:])
    return channels * height * width
