"""What brings a slim network's losses to the scale of those of the network it stands for."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.nets.loss_network import CONTENT_LAYER, STYLE_LAYERS, VggFeatures, LossScales
from streamstyle.ops.gram import gram_matrix


def compute_loss_scales(teacher: VggFeatures, student: VggFeatures, batches: list[Tensor]) -> LossScales:
    """Return the factors that bring the student's losses to the teacher's, as medians over pairs of pictures.

    Perceptual: a picture and itself blurred and noisy. Style: different pictures.
    """
    perceptual: list[float] = []
    style: dict[str, list[float]] = {name: [] for name in STYLE_LAYERS}
    with torch.no_grad():
        for images in batches:
            disturbed = (F.avg_pool2d(images, 3, 1, 1) + 0.05 * torch.randn_like(images)).clamp(0, 1)
            full, slim = teacher(images), student(images)
            full_disturbed, slim_disturbed = teacher(disturbed, [CONTENT_LAYER]), student(disturbed, [CONTENT_LAYER])
            perceptual.append(
                _ratio(
                    full[CONTENT_LAYER],
                    full_disturbed[CONTENT_LAYER],
                    slim[CONTENT_LAYER],
                    slim_disturbed[CONTENT_LAYER],
                )
            )
            for name in STYLE_LAYERS:
                grams, slim_grams = gram_matrix(full[name].float()), gram_matrix(slim[name].float())
                style[name].append(_ratio(grams, grams.roll(1, 0), slim_grams, slim_grams.roll(1, 0)))
    return LossScales(_median(perceptual), {name: _median(ratios) for name, ratios in style.items()})


def _ratio(full_a: Tensor, full_b: Tensor, slim_a: Tensor, slim_b: Tensor) -> float:
    return float((full_a.float() - full_b.float()).square().mean() / (slim_a.float() - slim_b.float()).square().mean())


def _median(values: list[float]) -> float:
    return float(torch.tensor(values).median())
