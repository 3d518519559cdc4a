"""Metrics of frames and films: temporal stability, sharpness, content and style (docs/metrics.md).

The stability metrics compare a frame with another one warped to it, along the motion of the *source*, never along that
of the stylised film.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.media.images import resize_short_side
from streamstyle.models.metadata import LossNetwork
from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.ops.image import to_tensor
from streamstyle.ops.luma import BT709
from streamstyle.ops.warp import backward_warp
from streamstyle.optimise.losses import Grams, content_error, style_error, style_grams
from streamstyle.styles.style_image import read_style_image
from streamstyle.train.settings import StyleTrainingSettings

SCORE_EVERY = 5
"""Content and style change slowly, so they are measured in every fifth frame, beginning with the third: in the first
frame of a film many methods are identical."""

Curve = list[float | None]
"""One value per frame; None where there is none, such as the warping error of the first frame of a shot."""


@dataclass(frozen=True, slots=True)
class FilmMetrics:
    """The metrics of one film. Lower is better, except for sharpness."""

    film: Path
    frames: int
    warping_error: dict[int, float]
    """By gap, the mean over all pairs of frames of a shot, in squared units of [0, 1]. A gap longer than every shot is
    missing."""
    stability_error: dict[int, float]
    """By gap, a root mean square in units of [0, 1]."""
    drift: float | None
    """Ratio to the drift of a frozen film; None if no point could be tracked for long, or none moved."""
    sharpness: float
    """Mean gradient magnitude of luma per pixel, mean over the frames."""
    content: float | None = None
    """Relative squared error of the activations at relu4_2; None if it was not requested."""
    style: float | None = None
    """Relative squared error of the Gram matrices; None without a style image."""
    boundary_error: float | None = None
    """Mean difference in levels (0..255) of consecutive frames where the weight of the flow leaves them out."""
    tone_lag: float | None = None
    """Mean difference of tone from the per-frame stylisation, in levels; None, as the next two, without that."""
    seam: float | None = None
    """Root mean square in levels of edges that the film should not have."""
    ghost: float | None = None
    """Root mean square in levels of what is carried on and not there any more."""
    curves: dict[str, Curve] = field(default_factory=dict)
    """Warping errors, sharpness and artefacts by the names of `by_name`, a value per frame."""

    def by_name(self) -> dict[str, float]:
        """Return every measured value by its name in JSON: `warping_error_1`, …, `style`."""
        values = {
            **{f"warping_error_{gap}": error for gap, error in self.warping_error.items()},
            **{f"stability_error_{gap}": error for gap, error in self.stability_error.items()},
            "boundary_error": self.boundary_error,
            "tone_lag": self.tone_lag,
            "seam": self.seam,
            "ghost": self.ghost,
            "drift": self.drift,
            "sharpness": self.sharpness,
            "content": self.content,
            "style": self.style,
        }
        return {name: value for name, value in values.items() if value is not None}


def squared_difference(
    image: Tensor,  # [3, H, W] float32 in [0, 1]
    other: Tensor,  # [3, H, W] float32 in [0, 1]
    flow: Tensor,  # [2, H, W] float32, pixels: of the source, from `image` to `other`
) -> Tensor:  # [H, W]
    """Return the squared difference between an image and another one warped to it, mean over the channels."""
    return (image - backward_warp(other, flow, mode="bilinear")).square().mean(0)


def warping_error(
    squared: Tensor,  # [H, W] from `squared_difference`
    weight: Tensor,  # [H, W] float32 in [0, 1]: consistency weight of the flow
) -> Tensor:
    """Return the weighted mean of the squared difference; 0 where no pixel has a weight.

    Weighted sum over sum of weights, as in Lai et al. 2018 (arXiv 1808.00449), section 4.2.
    """
    return (weight * squared).sum() / weight.sum().clamp_min(1e-6)


def stability_error(
    squared: Tensor,  # [H, W] from `squared_difference`
    weight: Tensor,  # [H, W] float32 in [0, 1]
) -> Tensor:
    """Return the root of the mean over all pixels of the weighted squared difference.

    This is the square root of the temporal loss of Ruder et al. 2016 (arXiv 1604.08610), equation 7, which Chen et al.
    2017 (arXiv 1703.09211) report as e_stab.
    """
    return (weight * squared).mean().sqrt()


def sharpness(image: Tensor) -> Tensor:  # [3, H, W] float32 in [0, 1]
    """Return the mean magnitude of the gradient of luma (BT.709) per pixel, which blur lowers."""
    luma = torch.einsum("c,chw->hw", image.new_tensor(BT709), image)
    right = luma[:-1, 1:] - luma[:-1, :-1]
    down = luma[1:, :-1] - luma[:-1, :-1]
    return (right.square() + down.square()).sqrt().mean()


@dataclass(frozen=True, slots=True)
class PerceptualScores:
    """Content and style loss of one frame."""

    content: float
    style: float | None
    """None without a style image."""


@dataclass(frozen=True, slots=True)
class PerceptualScorer:
    """A loss network and the Gram matrices of the style image, if there is one."""

    network: VggFeatures
    name: str
    """Description of the network, for output."""
    style_grams: Grams | None

    def content_features(self, source: Tensor) -> Tensor:  # [3, H, W] float32 in [0, 1]
        """Return the activations [1, C, H', W'] of a source frame that a stylised frame is compared with."""
        with torch.inference_mode():
            features: Tensor = self.network(source[None], [CONTENT_LAYER])[CONTENT_LAYER]
        return features

    def score(
        self,
        stylised: Tensor,  # [3, H, W] float32 in [0, 1]
        source_content: Tensor,  # from `content_features`
    ) -> PerceptualScores:
        """Return the relative errors of a stylised frame."""
        with torch.inference_mode():
            features = self.network(stylised[None], (*STYLE_LAYERS, CONTENT_LAYER))
            content = content_error(features[CONTENT_LAYER], source_content)
            style = None if self.style_grams is None else float(style_error(features, [self.style_grams]))
        return PerceptualScores(float(content), style)


def load_scorer(style_image: Path | None, weights: Path | None) -> PerceptualScorer:
    """Return a scorer that uses VGG weights from a file, or else the built-in VGG-16.

    `consistent` optimises with the slim built-in network, not with this one. The style image is an image file or a
    weights file that holds it; it is scaled to the size used in training. Raises StyleError if a file cannot be used.
    """
    network = load_loss_network(weights, LossNetwork.vgg16)
    network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    name = f"VGG weights {weights.name}" if weights else "VGG-16"
    if style_image is None:
        return PerceptualScorer(network, name, None)
    image = to_tensor(resize_short_side(read_style_image(style_image), StyleTrainingSettings().style_size))
    return PerceptualScorer(network, name, style_grams(network, image))
