"""Load networks from weights files, as their metadata describes them, and save them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save

from streamstyle.errors import StyleError
from streamstyle.files import atomic_write
from streamstyle.gpu.device import compute_dtype
from streamstyle.models import schema
from streamstyle.models.metadata import (
    KEYFRAMES,
    STYLE_IMAGE,
    STYLE_PREDICTOR_ASSETS,
    THUMBNAIL,
    LossNetwork,
    NetworkShape,
    read_metadata,
)
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.style_predictor import StylePredictor
from streamstyle.models.tensors import read_shapes, read_tensors, state_shapes
from streamstyle.models.upscaler import Upscaler, UpscalerConfig
from streamstyle.models.vgg import CONVOLUTIONS, NEEDED_CONVOLUTIONS, LossScales, VggFeatures
from streamstyle.settings import ConsistencySettings, Method

LOSS_NETWORK_ASSETS = {LossNetwork.slim: "loss_network.safetensors", LossNetwork.vgg16: "vgg16.safetensors"}
STYLE_PREDICTOR_KIND = "style_predictor"
UPSCALER_ASSET = "upscaler.safetensors"

Network = TypeVar("Network", StyleNet, VggFeatures, Upscaler)
AnyNetwork = TypeVar("AnyNetwork", bound=torch.nn.Module)
Image: TypeAlias = bytes | NDArray[np.uint8]
"""An image file, or pixels."""

_FLOAT32_FROM = 100
"""Iterations from which `ruder` computes in float32: in bfloat16 no step decreases the loss after about 200."""


def save_weights(
    path: Path,
    network: torch.nn.Module,
    metadata: Mapping[str, str],
    images: Mapping[str, Image] | None = None,
) -> None:
    """Write the network atomically, in half precision, with images by their names."""
    state = {
        name: tensor.detach().to(torch.float16).cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    for name, data in (images or {}).items():
        state[name] = torch.from_numpy(np.frombuffer(bytearray(data), np.uint8) if isinstance(data, bytes) else data)
    atomic_write(path, save(state, metadata=dict(metadata)))  # `save_file` would make it unreadable to other users


def load_style_net(path: Path) -> StyleNet:
    """Return the style network in `path`; raises StyleError if it has none."""
    metadata = read_metadata(path)
    if metadata.get("kind") != "style":
        raise StyleError(f"{path} is not a style", "Give a file made by `streamstyle learn`.")
    config = _style_net_config(metadata, path)
    return _load(lambda: StyleNet(config), path)


def style_metadata(network: StyleNet, **facts: str) -> dict[str, str]:
    """Return the metadata of a style file."""
    return {"kind": "style", "network": json.dumps(asdict(network.config)), **facts}


def load_style_predictor(path: Path | None = None, shape: NetworkShape = NetworkShape.separable) -> StylePredictor:
    """Return the style predictor in `path`, or else the built-in one of a shape; raises StyleError if there is none."""
    if path is None:
        with as_file(files("streamstyle") / "assets" / STYLE_PREDICTOR_ASSETS[shape]) as asset:
            return load_style_predictor(asset)
    metadata = read_metadata(path)
    if metadata.get("kind") != STYLE_PREDICTOR_KIND:
        raise StyleError(f"{path} is not a style predictor", "Give a file made by `streamstyle train style-predictor`.")
    config, size = _style_net_config(metadata, path), read_shapes(path).get("mean", ())
    if len(size) != 1 or size[0] not in schema.STATISTICS:
        raise StyleError(f"{path} has no statistics of styles", "Get another copy, or train it again.")
    return _load(lambda: StylePredictor(config, size[0]), path)


def style_predictor_metadata(network: StylePredictor, **facts: str) -> dict[str, str]:
    """Return the metadata of a style predictor's file."""
    return {"kind": STYLE_PREDICTOR_KIND, "network": json.dumps(asdict(network.style_net.config)), **facts}


def load_loss_network(path: Path | None = None, builtin: LossNetwork = LossNetwork.slim) -> VggFeatures:
    """Return the loss network in `path`, by default a built-in one.

    A file names convolutions `conv1_1` … `conv5_1`, with weights for inputs at VGG's original scale of 0..255. Further
    layers are ignored. Raises StyleError if the file has no VGG.
    """
    if path is None:
        with as_file(files("streamstyle") / "assets" / LOSS_NETWORK_ASSETS[builtin]) as asset:
            return load_loss_network(asset)
    shapes, text = read_shapes(path), read_metadata(path).get("scales")
    scales = None if text is None else LossScales(**schema.parse_fields(text, schema.LOSS_SCALES, path, complete=True))
    present = {name for block in CONVOLUTIONS for name in block} & {name.partition(".")[0] for name in shapes}
    widths = {name: shapes[weight][0] for name in present if len(shapes.get(weight := f"{name}.weight", ())) == 4}
    if not widths.keys() >= NEEDED_CONVOLUTIONS | present or any(
        width not in schema.VGG_WIDTH for width in widths.values()
    ):
        raise StyleError(f"{path} is not a VGG network", "Give a file with tensors conv1_1.weight … conv5_1.bias.")
    return _load(lambda: VggFeatures(widths, scales), path, ignored=None).requires_grad_(False)


def load_upscaler(path: Path | None = None) -> Upscaler:
    """Return the built-in upscaler, or the one in `path`; raises StyleError if the file has none."""
    if path is None:
        with as_file(files("streamstyle") / "assets" / UPSCALER_ASSET) as asset:
            return load_upscaler(asset)
    metadata = read_metadata(path)
    if metadata.get("kind") != "upscaler":
        raise StyleError(f"{path} is not an upscaler", "Give a file made by `streamstyle train upscaler`.")
    config = UpscalerConfig(**schema.parse_fields(metadata.get("network"), schema.UPSCALER, path))
    return _load(lambda: Upscaler(config), path)


def upscaler_metadata(network: Upscaler, **facts: str) -> dict[str, str]:
    """Return the metadata of an upscaler's file."""
    return {"kind": "upscaler", "network": json.dumps(asdict(network.config)), **facts}


def _style_net_config(metadata: Mapping[str, str], path: Path) -> StyleNetConfig:
    return StyleNetConfig(**schema.parse_fields(metadata.get("network"), schema.STYLE_NET, path))


def _load(
    create: Callable[[], AnyNetwork], path: Path, ignored: Collection[str] | None = (THUMBNAIL, STYLE_IMAGE, KEYFRAMES)
) -> AnyNetwork:
    """Return the network that `create` returns with the weights in `path`; it takes no memory before they fit."""
    with torch.device("meta"):
        shapes = state_shapes(create())
    state = read_tensors(path, shapes, ignored)
    network = create()
    network.load_state_dict(state)
    return network


def prepare_style_net(network: StyleNet, device: torch.device) -> StyleNet:
    """Return the style network on the device, in its compute dtype, for inference."""
    return _prepare(network.to(device).to_compute_dtype(compute_dtype(device)))


def load_consistency_loss_network(settings: ConsistencySettings, device: torch.device) -> VggFeatures | None:
    """Return the loss network of the method consistent, for inference; None if it is not used."""
    if settings.method is not Method.consistent or settings.iterations == 0:
        return None
    return _prepare(load_loss_network(settings.loss_network).to(device, compute_dtype(device)))


def load_ruder_loss_network(settings: ConsistencySettings, device: torch.device) -> VggFeatures:
    """Return the loss network of the method ruder, for inference: by default VGG-16.

    Style comes from this network alone, and the slim one captures too little of the brushwork.
    """
    network = load_loss_network(settings.loss_network, LossNetwork.vgg16)
    dtype = torch.float32 if settings.iterations >= _FLOAT32_FROM else compute_dtype(device)
    return _prepare(network.to(device, dtype))


def load_upscaler_for_inference(device: torch.device) -> Upscaler:
    """Return the built-in upscaler on the device, in its compute dtype, for inference."""
    return _prepare(load_upscaler().to(device).to_compute_dtype(compute_dtype(device)))


def _prepare(network: Network) -> Network:
    network.requires_grad_(False).eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
