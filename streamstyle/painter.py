"""From a style as it is asked for to one network: blended, weakened, ready to paint.

Networks that were learned from one another can be mixed by mixing their weights (Wang et al. 2019, Deep Network
Interpolation), so a blend of styles costs a frame what one style costs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from streamstyle.errors import StyleError
from streamstyle.media.picture import RgbImage, read_image, resize_short_side
from streamstyle.mix import BlendPart, StyleBlend
from streamstyle.nets.any_style import StylePredictor, style_statistics
from streamstyle.nets.transformer import StyleNet
from streamstyle.nets.weights import load_style_predictor, load_loss_network, load_style_net
from streamstyle.ops.pixels import to_tensor

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
        networks, shares = [*networks, identity_net()], [strength * share for share in normalise(shares)]
        shares.append(1 - strength)
    if len(networks) == 1:
        return networks[0]
    mixed = blend_weights(networks, normalise(shares))
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


def normalise(shares: Sequence[float]) -> list[float]:
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
