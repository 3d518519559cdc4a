"""Networks loaded and made fast: on their device, in its fast arithmetic, channels last."""

from __future__ import annotations

from typing import TypeVar

import torch

from streamstyle.nets.device import compute_dtype
from streamstyle.nets.loss_network import VggFeatures
from streamstyle.nets.metadata import LossWidth
from streamstyle.nets.transformer import StyleNet
from streamstyle.nets.upscaler import Upscaler
from streamstyle.nets.weights import load_loss_network, load_upscaler
from streamstyle.settings import ConsistencySettings, Method

Network = TypeVar("Network", StyleNet, VggFeatures, Upscaler)


_FLOAT32_FROM = 100
"""Iterations from which on `ruder` computes in float32: in bfloat16 no step goes down any more after about 200."""


def prepare_style_net(network: StyleNet, device: torch.device) -> StyleNet:
    """Return the style network ready to run."""
    return _prepare(network.to(device).to_compute_dtype(compute_dtype(device)))


def load_consistency_loss_network(settings: ConsistencySettings, device: torch.device) -> VggFeatures | None:
    """Return the loss network that the method needs, ready to run; None where it needs none."""
    if settings.method is not Method.consistent or settings.iterations == 0:
        return None
    return _prepare(load_loss_network(settings.loss_network).to(device, compute_dtype(device)))


def load_ruder_loss_network(settings: ConsistencySettings, device: torch.device) -> VggFeatures:
    """Return the loss network that `ruder` paints by: the wide one, unless another is given.

    It alone says what the painting looks like, and the slim one sees too little of brushwork for that.
    """
    network = load_loss_network(settings.loss_network, LossWidth.wide)
    dtype = torch.float32 if settings.iterations >= _FLOAT32_FROM else compute_dtype(device)
    return _prepare(network.to(device, dtype))


def load_upscaler_for_inference(device: torch.device) -> Upscaler:
    """Return the network that enlarges, ready to run."""
    return _prepare(load_upscaler().to(device).to_compute_dtype(compute_dtype(device)))


def _prepare(network: Network) -> Network:
    network.requires_grad_(False).eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
