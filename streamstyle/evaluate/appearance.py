"""How near a painted film is to the content of its source and to the style of a painting, as a loss network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.media.picture import read_image, resize_short_side
from streamstyle.nets.loss_network import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.nets.metadata import LossWidth
from streamstyle.nets.relative import Grams, content_error, style_grams, style_error
from streamstyle.nets.weights import load_loss_network
from streamstyle.ops.pixels import to_tensor
from streamstyle.train_settings import StyleTrainingSettings

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
