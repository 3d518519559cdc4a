"""Load networks from weights files, as their metadata describes them, and save them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from streamstyle.errors import StyleError
from streamstyle.files import atomic_write
from streamstyle.gpu.device import compute_dtype
from streamstyle.models.metadata import STYLE_PREDICTOR_ASSET, THUMBNAIL, LossWidth, read_metadata
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.style_predictor import StylePredictor
from streamstyle.models.upscaler import Upscaler, UpscalerConfig
from streamstyle.models.vgg import LossScales, VggFeatures
from streamstyle.settings import ConsistencySettings, Method

LOSS_NETWORK_ASSETS = {LossWidth.slim: "loss_network.safetensors", LossWidth.wide: "loss_network_wide.safetensors"}
STYLE_PREDICTOR_KIND = "style_predictor"
UPSCALER_ASSET = "upscaler.safetensors"

Config = TypeVar("Config", StyleNetConfig, UpscalerConfig)
Network = TypeVar("Network", StyleNet, VggFeatures, Upscaler)

_FLOAT32_FROM = 100
"""Iterations from which `ruder` computes in float32: in bfloat16 no step decreases the loss after about 200."""


def save_weights(
    path: Path, network: torch.nn.Module, metadata: Mapping[str, str], thumbnail: bytes | None = None
) -> None:
    """Write the network atomically, in half precision, with a JPEG thumbnail of its style image."""
    state = {
        name: tensor.detach().to(torch.float16).cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    if thumbnail is not None:
        state[THUMBNAIL] = torch.frombuffer(bytearray(thumbnail), dtype=torch.uint8)
    atomic_write(path, save(state, metadata=dict(metadata)))  # `save_file` would make it unreadable to other users


def load_style_net(path: Path) -> StyleNet:
    """Return the style network in `path`; raises StyleError if it has none."""
    metadata = read_metadata(path)
    if metadata.get("kind") != "style":
        raise StyleError(f"{path} is not a style", "Give a file made by `streamstyle learn`.")
    network = StyleNet(_read_config(metadata, path, StyleNetConfig))
    _load_state(network, load_file(path), path)
    return network


def style_metadata(network: StyleNet, **facts: str) -> dict[str, str]:
    """Return the metadata of a style file."""
    return {"kind": "style", "network": json.dumps(asdict(network.config)), **facts}


def load_style_predictor(path: Path | None = None) -> StylePredictor:
    """Return the built-in style predictor, or the one in `path`; raises StyleError if the file has none."""
    if path is None:
        with as_file(files("streamstyle") / "assets" / STYLE_PREDICTOR_ASSET) as asset:
            return load_style_predictor(asset)
    metadata = read_metadata(path)
    if metadata.get("kind") != STYLE_PREDICTOR_KIND:
        raise StyleError(f"{path} is not a style predictor", "Give a file made by `streamstyle train style-predictor`.")
    state = load_file(path)
    network = StylePredictor(_read_config(metadata, path, StyleNetConfig), len(state["mean"]))
    _load_state(network, state, path)
    return network


def style_predictor_metadata(network: StylePredictor, **facts: str) -> dict[str, str]:
    """Return the metadata of a style predictor's file."""
    return {"kind": STYLE_PREDICTOR_KIND, "network": json.dumps(asdict(network.style_net.config)), **facts}


def load_loss_network(path: Path | None = None, width: LossWidth = LossWidth.slim) -> VggFeatures:
    """Return the built-in loss network of that width, or the one in `path`.

    A file names convolutions `conv1_1` … `conv5_1`, with weights for inputs at VGG's original scale of 0..255. Further
    layers are ignored. Raises StyleError if the file has no VGG.
    """
    if path is None:
        with as_file(files("streamstyle") / "assets" / LOSS_NETWORK_ASSETS[width]) as asset:
            return load_loss_network(asset)
    metadata = read_metadata(path)
    state = _needed_layers(load_file(path))
    widths = {name.removesuffix(".weight"): len(tensor) for name, tensor in state.items() if name.endswith(".weight")}
    if "conv1_1" not in widths or "conv5_1" not in widths:
        raise StyleError(f"{path} is not a VGG network", "Give a file with tensors conv1_1.weight … conv5_1.bias.")
    network = VggFeatures(widths, LossScales.from_json(metadata["scales"]) if "scales" in metadata else None)
    _load_state(network, state, path)
    return network.requires_grad_(False)


def load_upscaler(path: Path | None = None) -> Upscaler:
    """Return the built-in upscaler, or the one in `path`; raises StyleError if the file has none."""
    if path is None:
        with as_file(files("streamstyle") / "assets" / UPSCALER_ASSET) as asset:
            return load_upscaler(asset)
    metadata = read_metadata(path)
    if metadata.get("kind") != "upscaler":
        raise StyleError(f"{path} is not an upscaler", "Give a file made by `streamstyle train upscaler`.")
    network = Upscaler(_read_config(metadata, path, UpscalerConfig))
    _load_state(network, load_file(path), path)
    return network


def upscaler_metadata(network: Upscaler, **facts: str) -> dict[str, str]:
    """Return the metadata of an upscaler's file."""
    return {"kind": "upscaler", "network": json.dumps(asdict(network.config)), **facts}


def _read_config(metadata: Mapping[str, str], path: Path, shape: type[Config]) -> Config:
    try:
        return shape(**json.loads(metadata["network"]))
    except (TypeError, ValueError, KeyError) as error:
        raise StyleError(f"{path} was made by another version of streamstyle", "Train it again.") from error


def _needed_layers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in state.items() if re.match(r"conv([1-4]_\d|5_1)\.", name)}


def _load_state(network: torch.nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in state.items() if name != THUMBNAIL})
    except RuntimeError as error:
        raise StyleError(
            f"the weights in {path} do not fit its metadata", "Train it again, or get another copy."
        ) from error


def prepare_style_net(network: StyleNet, device: torch.device) -> StyleNet:
    """Return the style network on the device, in its compute dtype, for inference."""
    return _prepare(network.to(device).to_compute_dtype(compute_dtype(device)))


def load_consistency_loss_network(settings: ConsistencySettings, device: torch.device) -> VggFeatures | None:
    """Return the loss network of the method consistent, for inference; None if it is not used."""
    if settings.method is not Method.consistent or settings.iterations == 0:
        return None
    return _prepare(load_loss_network(settings.loss_network).to(device, compute_dtype(device)))


def load_ruder_loss_network(settings: ConsistencySettings, device: torch.device) -> VggFeatures:
    """Return the loss network of the method ruder, for inference: by default the wide one.

    Style comes from this network alone, and the slim one captures too little of the brushwork.
    """
    network = load_loss_network(settings.loss_network, LossWidth.wide)
    dtype = torch.float32 if settings.iterations >= _FLOAT32_FROM else compute_dtype(device)
    return _prepare(network.to(device, dtype))


def load_upscaler_for_inference(device: torch.device) -> Upscaler:
    """Return the built-in upscaler on the device, in its compute dtype, for inference."""
    return _prepare(load_upscaler().to(device).to_compute_dtype(compute_dtype(device)))


def _prepare(network: Network) -> Network:
    network.requires_grad_(False).eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
