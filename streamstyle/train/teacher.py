"""Train a network to imitate another of any shape (Hinton et al. 2015).

A step costs a fifth of one against VGG-16, and the target is an image, not statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.models.style_net import StyleNet
from streamstyle.models.style_predictor import StylePredictor
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network, load_style_net
from streamstyle.optimise.losses import gram_matrix
from streamstyle.train.augment import perturb
from streamstyle.train.grid import GRID_WEIGHT, grid_error, without_grid
from streamstyle.train.loss import STYLE_SCALE, StyleLoss, for_training

FEATURE_LAYERS = ("relu1_1", "relu2_1", "relu3_1")
"""Layers of the slim loss network that are compared; the deeper ones would double the time."""


@dataclass(frozen=True, slots=True)
class TeacherLoss:
    """The difference from the images of a teacher: by pixel, by grid, by activation and by Gram matrix."""

    network: VggFeatures
    """The slim loss network."""

    def loss(
        self,
        stylised: Tensor,  # [N, 3, H, W] float in [0, 1]
        target: Tensor,  # [N, 3, H, W] float in [0, 1], of the teacher
    ) -> Tensor:
        """Return the sum of four relative squared errors."""
        with torch.no_grad():
            features = self.network(target, FEATURE_LAYERS)
            grams = [
                {name: gram_matrix(features[name][index, None])[0] for name in FEATURE_LAYERS}
                for index in range(len(target))
            ]
        compared = StyleLoss(self.network, 1.0, 0.0, 0.0, FEATURE_LAYERS[-1], dict.fromkeys(FEATURE_LAYERS, 1.0))
        content, style = compared.errors_from_content(features[FEATURE_LAYERS[-1]], stylised, grams)
        difference = stylised - target
        pixels = (difference.square().mean() + GRID_WEIGHT * grid_error(difference)) / target.var()
        total: Tensor = pixels + content + STYLE_SCALE * style
        return total


CLEAN_FRACTION = 0.4
"""Fraction of the batches that a student sees as they are, not perturbed."""


@dataclass(frozen=True, slots=True)
class StyleImitation:
    """The network of a style as the target, in place of the style loss."""

    teacher: StyleNet
    loss: TeacherLoss

    @classmethod
    def create(cls, weights: Path, device: torch.device) -> StyleImitation:
        """Return the network in a weights file as a teacher; raises StyleError if it has none."""
        teacher = load_style_net(weights).requires_grad_(False)
        teacher.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(teacher, TeacherLoss(for_training(load_loss_network(), device)))

    @torch.no_grad()
    def example(
        self,
        photos: Tensor,  # [N, 3, H, W] float in [0, 1]
    ) -> tuple[Tensor, Tensor]:  # both [N, 3, h, w]
        """Return what the student is shown and its target.

        The teacher sees the photos as they are: the student learns not to show what `perturb` adds, steadier than it.
        """
        target = without_grid(self.teacher(photos).float())
        return (photos, target) if torch.rand(()) < CLEAN_FRACTION else perturb(photos, target)


def copy_common_layers(network: StylePredictor, teacher: StylePredictor) -> None:
    """Copy what the two have in common, whatever their shapes: the encoder of styles, the first and the last layers."""
    network.mean.copy_(teacher.mean)
    network.deviation.copy_(teacher.deviation)
    network.encoder.load_state_dict(teacher.encoder.state_dict())
    network.identity_code.data.copy_(teacher.identity_code)
    layers, taught = network.style_net.layers, teacher.style_net.layers
    if network.style_net.config.half_ends != teacher.style_net.config.half_ends:
        return
    first = range(network.style_net.float32_layers + 1)  # up to a quarter of the resolution
    for index, other in [*((index, index) for index in first), (len(layers) - 1, len(taught) - 1)]:
        layers[index].load_state_dict(taught[other].state_dict())
    rows, taught_rows = _decoder_rows(network), _decoder_rows(teacher)
    for name in rows.keys() & taught_rows.keys():
        if name.startswith(tuple(f"layers.{index}." for index in first)):
            with torch.no_grad():
                network.decoder.weight[rows[name]] = teacher.decoder.weight[taught_rows[name]]
                network.decoder.bias[rows[name]] = teacher.decoder.bias[taught_rows[name]]


def _decoder_rows(network: StylePredictor) -> dict[str, slice]:
    """Return the rows of the decoder that predict each parameter of the norms, by its name."""
    ends = torch.tensor(network.norm_sizes).cumsum(0).tolist()
    return {
        name: slice(end - size, end)
        for name, size, end in zip(network.norm_names, network.norm_sizes, ends, strict=True)
    }
