"""From a style or blend to one network, and to the style images behind it.

Networks fine-tuned from a common network can be blended by averaging their weights (Wang et al. 2019, Deep Network
Interpolation), so that a frame takes as long in a blend as in one style.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.errors import StyleError
from streamstyle.media.images import RgbImage, read_image, resize_short_side
from streamstyle.models.metadata import STYLE_PREDICTOR_ASSETS, NetworkShape
from streamstyle.models.style_net import SHAPES, StyleNet
from streamstyle.models.style_predictor import StylePredictor, style_statistics
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network, load_style_net, load_style_predictor
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import compute_targets
from streamstyle.styles.spec import StyleBlend
from streamstyle.styles.style_image import STYLE_IMAGE_SIDE, read_style_image, style_image_path

PREDICTOR_IMAGE_SIDE = 384
"""Short side in pixels of an image for the style predictor."""

MIN_COSINE = 0.5
"""Minimum cosine similarity of networks that can be blended: 0.71 to 0.78 between the built-in styles and the identity
network, 0.0 for one from noise."""


class NetworkLoader:
    """Loads networks for blends, each once."""

    def __init__(self, most: int | None = None) -> None:
        """Keep the last `most` networks, or all."""
        self._of_file = lru_cache(most)(load_style_net)
        self._of_image = lru_cache(most)(lambda path, shape: net_from_image(read_image(path), _predictor(shape)))
        self._identity = lru_cache(None)(_identity_net)

    def networks(self, paths: Sequence[Path]) -> list[StyleNet]:
        """Return the network of each weights file, and for each image a predicted one of the same shape as theirs.

        Raises StyleError.
        """
        learned = {path: self._of_file(path) for path in paths if path.suffix == ".safetensors"}
        shape = _shape_of(next(iter(learned.values()), None))
        return [learned[path] if path in learned else self._of_image(path, shape) for path in paths]

    def identity(self, network: StyleNet) -> StyleNet:
        """Return the network, of the shape of another, that returns its input, approximately."""
        return self._identity(_shape_of(network))


def load_network(path: Path) -> StyleNet:
    """Return the network in a weights file, or the one predicted from an image. Raises StyleError."""
    return NetworkLoader().networks([path])[0]


def _shape_of(network: StyleNet | None) -> NetworkShape:
    """Return the shape that predicted networks need, to go with a network; the built-in styles' if none can."""
    known = (shape for shape in STYLE_PREDICTOR_ASSETS if network is not None and SHAPES[shape] == network.config)
    return next(known, NetworkShape.separable)


def _predictor(shape: NetworkShape) -> StylePredictor:
    return load_style_predictor(shape=shape)


def _identity_net(shape: NetworkShape) -> StyleNet:
    network = _predictor(shape)
    with torch.no_grad():
        return network.build_style_net(network.identity_code.tanh())


def load_blend(blend: StyleBlend, strength: float, loader: NetworkLoader | None = None) -> StyleNet:
    """Return the network of a style or blend; at a strength of 0 it nearly returns its input.

    Raises StyleError if a file is not a style, or if the styles cannot be blended.
    """
    loader = loader or NetworkLoader()
    networks = loader.networks([part.path for part in blend.parts])
    weights = [part.weight for part in blend.parts]
    if strength < 1:
        weights = [*(strength * weight for weight in normalise_weights(weights)), 1 - strength]
        networks.append(loader.identity(networks[0]))
    if len(networks) == 1:
        return networks[0]
    blended = blend_weights(networks, normalise_weights(weights))
    if any(weight_cosine(network, networks[-1]) < MIN_COSINE for network in networks):
        raise StyleError(
            "a style trained from noise works neither in a blend nor at a strength below 1",
            "Use it alone at --strength 1, or train it again without --start noise.",
        )
    return blended


def blend_weights(networks: Sequence[StyleNet], weights: Sequence[float]) -> StyleNet:
    """Return a network with the weighted sum of the weights; raises StyleError if the networks differ in shape."""
    first = networks[0]
    if any(network.config != first.config for network in networks):
        raise StyleError(
            "these styles cannot be blended: their networks differ in shape",
            "Blend styles of one shape; `streamstyle learn` trains another of the shape that the built-in ones have.",
        )
    states = [network.state_dict() for network in networks]
    result = StyleNet(first.config)
    result.load_state_dict(
        {name: sum(weight * state[name] for weight, state in zip(weights, states, strict=True)) for name in states[0]}
    )
    return result


def weight_cosine(network: StyleNet, other: StyleNet) -> float:
    """Return the cosine similarity of the convolution weights of two networks of one shape; near 0 if unrelated."""
    first_weights, other_weights = (
        torch.cat([tensor.flatten() for tensor in net.state_dict().values() if tensor.ndim == 4])
        for net in (network, other)
    )
    return float(torch.cosine_similarity(first_weights, other_weights, dim=0))


def normalise_weights(weights: Sequence[float]) -> list[float]:
    """Return the weights divided by their sum."""
    total = sum(weights)
    return [weight / total for weight in weights]


def net_from_image(image: RgbImage, network: StylePredictor | None = None) -> StyleNet:
    """Return the style network that the style predictor makes for an image."""
    network = network or load_style_predictor()
    resized = to_tensor(resize_short_side(image, PREDICTOR_IMAGE_SIDE))
    with torch.no_grad():
        return network.build_style_net(network.embed(style_statistics(load_loss_network(), resized[None])[0]))


def style_targets(
    blend: StyleBlend,
    style_image: Path | None,
    style_scale: float,
    network: VggFeatures,
    device: torch.device,
) -> Mapping[str, Tensor]:  # style layer → [1, C, C] float32
    """Return the Gram matrices of the style image, for a blend their weighted mean.

    Raises StyleError if the style image of a part is not known, or `style_image` is another image or not needed.
    """
    images = [style_image_path(part, style_image) for part in blend.parts]
    if style_image is not None and style_image not in images:
        raise StyleError(f"{style_image} is not needed: the style images are known", "Leave out --style-image.")
    total = sum(part.weight for part in blend.parts)
    side, blended = round(STYLE_IMAGE_SIDE * style_scale), dict[str, Tensor]()
    for image, part in zip(images, blend.parts, strict=True):
        resized = to_tensor(resize_short_side(read_style_image(image), side), device)
        for layer, gram in compute_targets(network, resized[None]).grams.items():
            blended[layer] = blended.get(layer, 0) + part.weight / total * gram
    return blended
