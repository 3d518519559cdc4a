"""The losses of a picture and their gradient with respect to it, walked by hand.

The twin of `perceptual.losses_of` and autograd, a third faster on a CPU: weights need no gradients, Gram matrices are
symmetric, so their gradient is one product instead of two, and every sum goes into the tensor that is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.nets.loss_network import CONTENT_LAYER, FIRST_AFTER_POOLING, LossNetwork
from streamstyle.nets.perceptual import Targets
from streamstyle.ops.gram import gram_matrix


@torch.no_grad()
def losses_and_gradient(
    network: LossNetwork,
    image: Tensor,  # [3, H, W] float32
    targets: Targets,  # of one image
    perceptual_weight: float,
    style_weight: float,
) -> tuple[Tensor, Tensor]:  # [2], [3, H, W], both float32
    """Return perceptual_weight · content and style_weight · style, as `losses_of` defines them.

    With them comes the gradient of their sum.
    """
    steps = forward(network, image)
    perceptual = torch.zeros((), device=image.device)
    style = torch.zeros((), device=image.device)

    def pull(gradient: Tensor, step: Step) -> None:
        if step.layer in targets.grams:
            weight = style_weight * network.scales.style[step.layer]
            style.add_(_add_style(gradient, step.output, targets.grams[step.layer], weight))
        if step.layer == CONTENT_LAYER:
            weight = perceptual_weight * network.scales.perceptual
            perceptual.add_(_add_content(gradient, step.output, targets.content, weight))

    gradient = backward(network, steps, pull)
    return torch.stack((perceptual, style)), gradient


@dataclass(frozen=True, slots=True)
class Step:
    """One convolution of the way up, with what the way down needs of it."""

    layer: str
    convolution: nn.Conv2d
    input: Tensor
    output: Tensor
    pooled: Tensor | None = None
    """What the input is the maximum of, where it is one, and `places` says where the maxima were."""
    places: Tensor | None = None


def forward(
    network: LossNetwork,
    image: Tensor,  # [3, H, W] float32
) -> list[Step]:
    """Return the way up, from the first convolution to the last."""
    activation = network.prepared(image[None])
    steps: list[Step] = []
    for layer, convolution in network.convolutions():
        pooled, places = None, None
        if layer in FIRST_AFTER_POOLING:
            pooled = activation
            activation, places = F.max_pool2d(activation, 2, return_indices=True)
        output = F.relu(convolution(activation), inplace=True)
        steps.append(Step(layer, convolution, activation, output, pooled, places))
        activation = output
    return steps


def backward(
    network: LossNetwork,
    steps: Sequence[Step],  # of the way up
    pull: Callable[[Tensor, Step], None],  # adds to the gradient of a layer's output what a loss there pulls at
) -> Tensor:  # [3, H, W] float32
    """Return the gradient with respect to the image."""
    gradient = torch.zeros_like(steps[-1].output)
    for step in reversed(steps):
        pull(gradient, step)
        gradient = torch.ops.aten.threshold_backward(gradient, step.output, 0)
        gradient = _through(step, gradient)
        if step.pooled is not None:
            gradient = torch.ops.aten.max_pool2d_with_indices_backward(
                gradient, step.pooled, [2, 2], [2, 2], [0, 0], [1, 1], False, step.places
            )
    return gradient[0].float().contiguous().mul_(network.gain)


def _through(step: Step, gradient: Tensor) -> Tensor:
    """Return the gradient with respect to a convolution's input; `torch.nn.grad` would make up an input to copy."""
    ones, weight = (1, 1), step.convolution.weight
    through: Tensor = torch.ops.aten.convolution_backward(
        gradient, step.input, weight, None, ones, ones, ones, False, (0, 0), 1, (True, False, False)
    )[0]
    return through


def _add_style(gradient: Tensor, activation: Tensor, target: Tensor, weight: float) -> Tensor:
    """Add the gradient of weight · mean((G - G*)²) in place; return the loss."""
    difference = (gram_matrix(activation) - target)[0]
    channels, places = difference.shape[0], activation[0, 0].numel()
    factor = 4 * weight / (difference.numel() * channels * places)
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
