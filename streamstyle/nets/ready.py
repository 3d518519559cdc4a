"""Networks loaded and made fast: on their device, in its fast arithmetic, channels last."""

from __future__ import annotations

from typing import TypeVar

import torch

from streamstyle.nets.device import fast_dtype
from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.metadata import LossWidth
from streamstyle.nets.transformer import TransformerNet
from streamstyle.nets.upscaler import Upscaler
from streamstyle.nets.weights import load_loss_network, load_upscaler
from streamstyle.settings import ConsistencySettings, Method

Network = TypeVar("Network", TransformerNet, LossNetwork, Upscaler)


_EXACT_FROM = 100
"""Iterations from which on `ruder` computes in float32: in bfloat16 no step goes down any more after about 200."""


def ready_style(network: TransformerNet, device: torch.device) -> TransformerNet:
    """Return the style network ready to run."""
    return _ready(network.to(device).compute_in(fast_dtype(device)))


def ready_loss_network(settings: ConsistencySettings, device: torch.device) -> LossNetwork | None:
    """Return the loss network that the method needs, ready to run; None where it needs none."""
    if settings.method is not Method.consistent or settings.iterations == 0:
        return None
    return _ready(load_loss_network(settings.loss_network).to(device, fast_dtype(device)))


def ready_judge(settings: ConsistencySettings, device: torch.device) -> LossNetwork:
    """Return the loss network that `ruder` paints by: the wide one, unless another is given.

    It alone says what the painting looks like, and the slim one sees too little of brushwork for that.
    """
    network = load_loss_network(settings.loss_network, LossWidth.wide)
    dtype = torch.float32 if settings.iterations >= _EXACT_FROM else fast_dtype(device)
    return _ready(network.to(device, dtype))


def ready_upscaler(device: torch.device) -> Upscaler:
    """Return the network that enlarges, ready to run."""
    return _ready(load_upscaler().to(device).compute_in(fast_dtype(device)))


def _ready(network: Network) -> Network:
    network.requires_grad_(False).eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
