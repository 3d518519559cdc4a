"""Losses of an image by a VGG network and their gradient, without autograd, for the whole image or in tiles.

Equal to `losses.compute_losses` with autograd, and a third faster on a CPU: weights need no gradients, Gram matrices
are symmetric, so that their gradient is one product instead of two, and sums are made in place.

Tiles are for images whose activations do not fit into memory. They are exact except for rounding: tiles overlap by the
receptive field of the deepest layer, each pixel's losses count in one tile, and Gram matrices are summed over all tiles
first. Therefore each tile is passed forward twice and backward once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.models.tiling import Tile, split_into_tiles
from streamstyle.models.vgg import CONTENT_LAYER, FIRST_AFTER_POOLING, STYLE_LAYERS, VggFeatures
from streamstyle.ops.relu import relu_pool, relu_pool_backward
from streamstyle.optimise.losses import Targets, gram_matrix

_LOSS_LAYERS = {*STYLE_LAYERS, CONTENT_LAYER}

_GRID = 16
"""Stride of the deepest layer in pixels, to which tiles are aligned."""

_MARGIN = 80
"""Overlap in pixels: relu5_1 of VGG-19 depends on 70 pixels beyond its own 16; rounded up to the grid."""


def frame_targets(
    network: VggFeatures,
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    tile: int | None = None,  # approximate side in pixels without margins; None for the whole image
) -> Targets:
    """Return the targets of one image, as `losses.compute_targets` does."""
    with torch.no_grad():
        if tile is None:
            activations = {record.layer: record.output for record in forward(network, image)}
            grams = {layer: gram_matrix(activations[layer]) for layer in STYLE_LAYERS}
            return Targets(activations[CONTENT_LAYER], grams)
        return Targets(_tiled_content(network, image, tile), _tiled_grams(network, image, tile))


@torch.no_grad()
def losses_and_gradient(
    network: VggFeatures,
    image: Tensor,  # [3, H, W] float32
    targets: Targets,  # of one image
    perceptual_weight: float,
    style_weight: float,
    tile: int | None = None,  # approximate side in pixels without margins; None for the whole image
) -> tuple[Tensor, Tensor]:  # [2], [3, H, W], both float32
    """Return perceptual_weight · content and style_weight · style of `compute_losses`, and the gradient of the sum."""
    if tile is None:
        return _untiled_losses(network, image, targets, perceptual_weight, style_weight)
    return _tiled_losses(network, image, targets, perceptual_weight, style_weight, tile)


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One convolution of the forward pass, with the tensors that the backward pass needs."""

    layer: str
    convolution: nn.Conv2d
    input: Tensor
    output: Tensor
    rectified: bool = True
    """Whether `output` is that of the ReLU. Where nothing but pooling reads it, ReLU follows the pooling: the same
    values at a quarter of the cost."""
    pooled: Tensor | None = None
    """The input before pooling and ReLU; None if it was not pooled."""


def forward(
    network: VggFeatures,
    image: Tensor,  # [3, H, W] float32
) -> list[LayerRecord]:
    """Return the records of the forward pass, from the first convolution to the last."""
    activation = network.preprocess(image[None])
    records: list[LayerRecord] = []
    convolutions = network.convolutions()
    following = [layer for layer, _ in convolutions[1:]]
    for (layer, convolution), next_layer in zip_longest(convolutions, following):
        pooled = None
        if layer in FIRST_AFTER_POOLING:
            pooled = activation
            activation = relu_pool(activation)
        output, rectified = convolution(activation), next_layer not in FIRST_AFTER_POOLING or layer in _LOSS_LAYERS
        output = F.relu(output, inplace=True) if rectified else output
        records.append(LayerRecord(layer, convolution, activation, output, rectified, pooled))
        activation = output
    return records


def backward(
    network: VggFeatures,
    records: Sequence[LayerRecord],  # of the forward pass
    add_loss_gradient: Callable[[Tensor, LayerRecord], None],  # adds that of the layer's loss to its output's gradient
) -> Tensor:  # [3, H, W] float32
    """Return the gradient with respect to the image."""
    gradient = torch.zeros_like(records[-1].output)
    for record in reversed(records):
        add_loss_gradient(gradient, record)
        if record.rectified:
            gradient = torch.ops.aten.threshold_backward(gradient, record.output, 0)
        gradient = _conv_backward(record, gradient)
        if record.pooled is not None:
            gradient = relu_pool_backward(gradient, record.pooled)
    return gradient[0].float().contiguous().mul_(network.gain)


def _conv_backward(record: LayerRecord, gradient: Tensor) -> Tensor:
    """Return the gradient with respect to a convolution's input. (`torch.nn.grad` would allocate a dummy input.)"""
    ones, weight = (1, 1), record.convolution.weight
    result: Tensor = torch.ops.aten.convolution_backward(
        gradient, record.input, weight, None, ones, ones, ones, False, (0, 0), 1, (True, False, False)
    )[0]
    return result


def _untiled_losses(
    network: VggFeatures, image: Tensor, targets: Targets, perceptual_weight: float, style_weight: float
) -> tuple[Tensor, Tensor]:
    records = forward(network, image)
    perceptual = torch.zeros((), device=image.device)
    style = torch.zeros((), device=image.device)

    def add_loss_gradient(gradient: Tensor, record: LayerRecord) -> None:
        if record.layer in targets.grams:
            weight = style_weight * network.scales.style[record.layer]
            style.add_(_add_style(gradient, record.output, targets.grams[record.layer], weight))
        if record.layer == CONTENT_LAYER:
            weight = perceptual_weight * network.scales.perceptual
            perceptual.add_(_add_content(gradient, record.output, targets.content, weight))

    gradient = backward(network, records, add_loss_gradient)
    return torch.stack((perceptual, style)), gradient


def _add_style(gradient: Tensor, activation: Tensor, target: Tensor, weight: float) -> Tensor:
    """Add the gradient of weight · mean((G - G*)²) in place; return the loss."""
    difference = (gram_matrix(activation) - target)[0]
    channels, positions = difference.shape[0], activation[0, 0].numel()
    factor = 4 * weight / (difference.numel() * channels * positions)
    _rows(gradient).addmm_(_rows(activation), (difference * factor).to(activation.dtype))
    return weight * difference.square().mean()


def _add_content(gradient: Tensor, activation: Tensor, target: Tensor, weight: float) -> Tensor:
    """Add the gradient of weight · mean((activation - target)²) in place; return the loss."""
    difference = activation.float() - target.float()
    gradient.add_(difference.to(gradient.dtype), alpha=2 * weight / difference.numel())
    return weight * difference.square().mean()


def _rows(activation: Tensor) -> Tensor:
    """View [1, C, H, W], channels last, as [H·W, C]."""
    return activation[0].permute(1, 2, 0).view(-1, activation.shape[1])


def _tiled_losses(
    network: VggFeatures, image: Tensor, targets: Targets, perceptual_weight: float, style_weight: float, side: int
) -> tuple[Tensor, Tensor]:
    style, gram_gradients = _tiled_style(network, image, targets, style_weight, side)
    gradient, squares = torch.zeros_like(image), torch.zeros((), device=image.device)
    content_weight = perceptual_weight * network.scales.perceptual / targets.content.numel()
    for tile in _tiles(image, side):

        def add_loss_gradient(full: Tensor, record: LayerRecord, tile: Tile = tile) -> None:
            stride = _stride(record.layer)
            inner, activation = tile.inner(full, stride), tile.inner(record.output, stride)
            if record.layer in gram_gradients:
                gram_gradient = gram_gradients[record.layer].to(activation.dtype)
                inner.add_(torch.einsum("nchw,cd->ndhw", activation, gram_gradient))
            if record.layer == CONTENT_LAYER:
                difference = activation.float() - tile.target(targets.content, stride).float()
                squares.add_(difference.square().sum())
                inner.add_(difference.to(inner.dtype), alpha=2 * content_weight)

        tile.crop(gradient).add_(backward(network, forward(network, tile.crop(image)), add_loss_gradient))
    return torch.stack((content_weight * squares, style)), gradient


def _tiled_style(
    network: VggFeatures, image: Tensor, targets: Targets, style_weight: float, side: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the style loss, and for each layer the matrix by which activations are multiplied to give the gradient."""
    style = torch.zeros((), device=image.device)
    gradients: dict[str, Tensor] = {}
    for layer, gram in _tiled_grams(network, image, side).items():
        difference, weight = (gram - targets.grams[layer])[0], style_weight * network.scales.style[layer]
        style += weight * difference.square().mean()
        count = _activation_count(image, layer, len(difference))
        gradients[layer] = difference * (4 * weight / (difference.numel() * count))
    return style, gradients


def _tiled_content(network: VggFeatures, image: Tensor, side: int) -> Tensor:
    """Return the whole image's activations at the content layer."""
    height, width = image.shape[-2:]
    stride = _stride(CONTENT_LAYER)
    content: Tensor | None = None
    for tile in _tiles(image, side):
        part = network(tile.crop(image)[None], (CONTENT_LAYER,))[CONTENT_LAYER]
        if content is None:
            content = part.new_empty(1, part.shape[1], height // stride, width // stride)
        tile.target(content, stride).copy_(tile.inner(part, stride))
    assert content is not None
    return content


def _tiled_grams(network: VggFeatures, image: Tensor, side: int) -> dict[str, Tensor]:
    """Return the Gram matrix of the whole image at each style layer, as `gram_matrix` scales it."""
    grams: dict[str, Tensor] = {}
    for tile in _tiles(image, side):
        for layer, activation in network(tile.crop(image)[None], STYLE_LAYERS).items():
            inner = tile.inner(activation, _stride(layer))
            share = inner[0].numel() / _activation_count(image, layer, inner.shape[1])
            grams[layer] = grams.get(layer, 0) + gram_matrix(inner) * share
    return grams


def _tiles(image: Tensor, side: int) -> Iterator[Tile]:
    height, width = image.shape[-2:]
    return split_into_tiles(height, width, side, _MARGIN, _GRID)


def _stride(layer: str) -> int:
    """Return the stride in pixels of a layer `reluB_I`: there is pooling by two between blocks."""
    return 1 << (int(layer[len("relu")]) - 1)


def _activation_count(image: Tensor, layer: str, channels: int) -> int:
    """Return the number of activations of the whole image at a layer."""
    height, width = (side // _stride(layer) for side in image.shape[-2:])
    return channels * height * width
