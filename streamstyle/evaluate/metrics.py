"""Measures of a picture against another, and of a picture alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.media.images import read_image, resize_short_side
from streamstyle.models.metadata import LossWidth
from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.ops.image import to_tensor
from streamstyle.ops.luma import BT709
from streamstyle.ops.warp import backward_warp
from streamstyle.optimise.losses import Grams, content_error, style_error, style_grams
from streamstyle.train.settings import StyleTrainingSettings


def squared_difference(
    picture: Tensor,  # [3, H, W] float32 in [0, 1]
    other: Tensor,  # [3, H, W] float32 in [0, 1]
    flow: Tensor,  # [2, H, W] float32, pixels: of the source film, from `picture` to `other`
) -> Tensor:  # [H, W]
    """Return the squared difference between a picture and another warped to it, mean over the channels."""
    return (picture - backward_warp(other, flow, mode="bilinear")).square().mean(0)


def warping_error(
    squared: Tensor,  # [H, W] from `squared_difference`
    weight: Tensor,  # [H, W] float32 in [0, 1]: where that flow can be trusted
) -> Tensor:
    """Return the mean squared difference between two frames where that is fair.

    Weighted sum over sum of weights, as in Lai et al. 2018 (arXiv 1808.00449), section 4.2; 0 where nothing can be
    trusted.
    """
    return (weight * squared).sum() / weight.sum().clamp_min(1e-6)


def stability_error(
    squared: Tensor,  # [H, W] from `squared_difference`
    weight: Tensor,  # [H, W] float32 in [0, 1]
) -> Tensor:
    """Return the root of the weighted squared difference's mean over all pixels, trusted or not.

    The square root of what the temporal loss of Ruder et al. 2016 (arXiv 1604.08610), equation 7, is; Chen et al. 2017
    (arXiv 1703.09211) report it as e_stab.
    """
    return (weight * squared).mean().sqrt()


def sharpness(image: Tensor) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return the mean magnitude of the gradient of luma, per pixel: what blur takes away."""
    luma = torch.einsum("c,chw->hw", image.new_tensor(BT709), image)
    right = luma[:-1, 1:] - luma[:-1, :-1]
    down = luma[1:, :-1] - luma[:-1, :-1]
    return (right.square() + down.square()).sqrt().mean()


SCORE_EVERY = 5
"""Frames from one look to the next: what is looked at changes slowly. The first of all is none of them, for in it many
methods are the same."""


@dataclass(frozen=True, slots=True)
class PerceptualScores:
    """What one frame looks like."""

    content: float
    style: float | None


@dataclass(frozen=True, slots=True)
class PerceptualScorer:
    """The eye: a loss network, and the style of a painting if there is one."""

    network: VggFeatures
    name: str
    """Of the network, for people."""
    style_grams: Grams | None

    def content_features(self, source: Tensor) -> Tensor:  # [3, H, W] float32 in [0, 1]
        """Return what is looked for of a source frame's content in its painting."""
        with torch.inference_mode():
            wanted: Tensor = self.network(source[None], [CONTENT_LAYER])[CONTENT_LAYER]
        return wanted

    def score(
        self,
        stylised: Tensor,  # [3, H, W] float32 in [0, 1]
        source_content: Tensor,  # from `content_of`
    ) -> PerceptualScores:
        """Return the relative errors of a painted frame."""
        with torch.inference_mode():
            seen = self.network(stylised[None], (*STYLE_LAYERS, CONTENT_LAYER))
            content = content_error(seen[CONTENT_LAYER], source_content)
            style = None if self.style_grams is None else float(style_error(seen, [self.style_grams]))
        return PerceptualScores(float(content), style)


def load_scorer(style_image: Path | None, weights: Path | None) -> PerceptualScorer:
    """Return an eye with VGG weights from a file, or with the wider network that ships, which films are not made with.

    The style image is seen at the size that styles are learned at. StyleError where a file cannot be used.
    """
    network = load_loss_network(weights) if weights else load_loss_network(width=LossWidth.wide)
    network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    name = f"VGG weights {weights.name}" if weights else "the loss network that ships, half of VGG-16's channels"
    if style_image is None:
        return PerceptualScorer(network, name, None)
    painting = to_tensor(resize_short_side(read_image(style_image), StyleTrainingSettings().style_size))
    return PerceptualScorer(network, name, style_grams(network, painting))


Curve = list[float | None]
"""One value a frame; None where there is none, such as in the first frame of a shot."""


@dataclass(frozen=True, slots=True)
class FilmMetrics:
    """The measures of one film (docs/metrics.md); lower is steadier, and nearer."""

    film: Path
    frames: int
    warping_error: dict[int, float]
    """By gap, the mean over all pairs of frames of a shot, in squared units of [0, 1]. A gap longer than every shot has
    none."""
    stability_error: dict[int, float]
    """By gap, as a root, in units of [0, 1]."""
    drift: float | None
    """Share of a frozen film's; None where no point could be followed for long, or none moved."""
    sharpness: float
    """Mean gradient magnitude of luma, mean over the frames, per pixel."""
    content: float | None = None
    """Relative squared error of the activations at relu4_2; None where it was not asked for."""
    style: float | None = None
    """Relative squared error of the Gram matrices; None where there is no style image."""
    curves: dict[str, Curve] = field(default_factory=dict)
    """Warping errors and sharpness by their names in `by_name`, a value a frame."""

    def by_name(self) -> dict[str, float]:
        """Return each figure there is under its name on the wire: `warping_error_1`, …, `style`."""
        figures = {
            **{f"warping_error_{gap}": error for gap, error in self.warping_error.items()},
            **{f"stability_error_{gap}": error for gap, error in self.stability_error.items()},
            "drift": self.drift,
            "sharpness": self.sharpness,
            "content": self.content,
            "style": self.style,
        }
        return {name: figure for name, figure in figures.items() if figure is not None}
