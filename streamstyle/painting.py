"""From a style as it is asked for to the paintings themselves, as a loss network sees them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.errors import StyleError
from streamstyle.media.picture import read_image, resize_short_side
from streamstyle.mix import BlendPart, StyleBlend
from streamstyle.nets.loss_network import VggFeatures
from streamstyle.nets.metadata import read_metadata
from streamstyle.nets.perceptual import compute_targets
from streamstyle.ops.pixels import to_tensor

STYLE_IMAGE_SIDE = 512
"""Short side in pixels at which a painting is seen: that at which styles are learned, so strokes have the same size."""


def style_targets(
    mix: StyleBlend,
    style_image: Path | None,
    style_scale: float,
    network: VggFeatures,
    device: torch.device,
) -> Mapping[str, Tensor]:  # style layer → [1, C, C] float32
    """Return the Gram matrices of the paintings in `mix`, their weighted mean for a blend.

    Raises StyleError where a style does not say what it was painted after, or `style_image` is another picture.
    """
    images = [style_image_path(ingredient, style_image) for ingredient in mix.parts]
    if style_image is not None and style_image not in images:
        raise StyleError(f"{style_image} is not needed: --style names images already", "Leave out --style-image.")
    total = sum(ingredient.weight for ingredient in mix.parts)
    side, blended = round(STYLE_IMAGE_SIDE * style_scale), dict[str, Tensor]()
    for image, ingredient in zip(images, mix.parts, strict=True):
        seen = to_tensor(resize_short_side(read_image(image), side), device)
        for layer, gram in compute_targets(network, seen[None]).grams.items():
            blended[layer] = blended.get(layer, 0) + ingredient.weight / total * gram
    return blended


def style_image_path(ingredient: BlendPart, style_image: Path | None) -> Path:
    """Return the file of the painting that a style was learned from; raises StyleError where it is not known.

    What comes with a style is a picture of 128 pixels: it has the colours and none of the brushwork.
    """
    if ingredient.image is not None:
        return ingredient.image
    if ingredient.path.suffix != ".safetensors":
        return ingredient.path
    name = ingredient.path.stem
    if style_image is None:
        raise StyleError(
            f"the style {name} does not hold its painting, which --method ruder paints after",
            "Give the image with --style-image FILE, or in place of the name after --style.",
        )
    known = read_metadata(ingredient.path).get("image_sha256")
    if known and style_image.is_file() and sha256(style_image.read_bytes()).hexdigest() != known:
        raise StyleError(
            f"{style_image} is not the image that {name} was learned from",
            "Give that one, or paint after this one by giving it after --style.",
        )
    return style_image
