"""From a style as it is asked for to one network: blended, weakened, ready to paint.

Networks that were learned from one another can be mixed by mixing their weights (Wang et al. 2019, Deep Network
Interpolation), so a blend of styles costs a frame what one style costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.errors import StyleError
from streamstyle.media.images import RgbImage, read_image, resize_short_side
from streamstyle.models.metadata import read_metadata
from streamstyle.models.style_net import StyleNet
from streamstyle.models.style_predictor import StylePredictor, style_statistics
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network, load_style_net, load_style_predictor
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import compute_targets
from streamstyle.styles.spec import BlendPart, StyleBlend

PREDICTOR_IMAGE_SIDE = 384
"""Short side in pixels at which the network for any style sees an image."""

MIN_COSINE = 0.5
"""Likeness above which networks can be mixed: those that ship have 0.97, one learned from noise 0.0."""


def load_blend(mix: StyleBlend, strength: float) -> StyleNet:
    """Return the network that paints in `mix`; at a strength of 0 one that nearly gives the picture back.

    Raises StyleError where a file holds no style, or styles cannot be blended.
    """
    networks = [_load_part(ingredient) for ingredient in mix.parts]
    shares = [ingredient.weight for ingredient in mix.parts]
    if strength < 1:
        networks, shares = [*networks, identity_net()], [strength * share for share in normalise_weights(shares)]
        shares.append(1 - strength)
    if len(networks) == 1:
        return networks[0]
    mixed = blend_weights(networks, normalise_weights(shares))
    if any(weight_cosine(network, networks[-1]) < MIN_COSINE for network in networks):
        raise StyleError(
            "a style learned from noise can be neither blended nor weakened: the mean with another network is mud",
            "Use it alone at --strength 1, or learn it again without --start noise.",
        )
    return mixed


def blend_weights(networks: Sequence[StyleNet], shares: Sequence[float]) -> StyleNet:
    """Return a network with the weighted sum of the others' weights; raises StyleError where they do not fit."""
    first = networks[0]
    if any(network.config != first.config for network in networks):
        raise StyleError("these styles cannot be blended: their networks differ", "Blend built-in styles and images.")
    states = [network.state_dict() for network in networks]
    result = StyleNet(first.config)
    result.load_state_dict(
        {name: sum(share * state[name] for share, state in zip(shares, states, strict=True)) for name in states[0]}
    )
    return result


def weight_cosine(network: StyleNet, other: StyleNet) -> float:
    """Return the cosine between the convolutions of two networks of one shape: near 0 where they are unrelated."""
    ours, theirs = (
        torch.cat([tensor.flatten() for tensor in net.state_dict().values() if tensor.ndim == 4])
        for net in (network, other)
    )
    return float(torch.cosine_similarity(ours, theirs, dim=0))


def normalise_weights(shares: Sequence[float]) -> list[float]:
    """Return the shares with a sum of 1."""
    total = sum(shares)
    return [share / total for share in shares]


def net_from_image(image: RgbImage, network: StylePredictor | None = None) -> StyleNet:
    """Return a network that paints in the manner of an image, by one look at it."""
    network = network or load_style_predictor()
    seen = to_tensor(resize_short_side(image, PREDICTOR_IMAGE_SIDE))
    with torch.no_grad():
        return network.build_style_net(network.embed(style_statistics(load_loss_network(), seen[None])[0]))


def identity_net() -> StyleNet:
    """Return the network that gives a picture back as it is."""
    network = load_style_predictor()
    with torch.no_grad():
        return network.build_style_net(network.identity_code.tanh())


def _load_part(ingredient: BlendPart) -> StyleNet:
    if ingredient.path.suffix == ".safetensors":
        return load_style_net(ingredient.path)
    return net_from_image(read_image(ingredient.path))


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
            f"the style {name} does not contain its style image, which --method ruder needs",
            "Give the image with --style-image FILE or as --style.",
        )
    known = read_metadata(ingredient.path).get("image_sha256")
    if known and style_image.is_file() and sha256(style_image.read_bytes()).hexdigest() != known:
        raise StyleError(
            f"{style_image} is not the image that {name} was learned from",
            "Give that one, or paint after this one by giving it after --style.",
        )
    return style_image
