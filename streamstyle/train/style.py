"""Learn a style: train a transformer network until it paints like one image (Johnson et al. 2016)."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.buffered import buffered
from streamstyle.events import Learned, Observer
from streamstyle.nets.device import fast_dtype, select_device
from streamstyle.nets.loss_network import CONTENT_LAYER, STYLE_LAYERS, LossNetwork
from streamstyle.nets.metadata import read_metadata
from streamstyle.nets.transformer import TransformerConfig, TransformerNet
from streamstyle.nets.weights import load_loss_network, load_style, save_weights, style_metadata
from streamstyle.ops.gram import gram_matrix
from streamstyle.settings import Device, LearnSettings
from streamstyle.train.pictures import (
    Picture,
    list_pictures,
    photo_crops,
    procedural_crops,
    read_picture,
    resize_short_side,
)

SLIM = TransformerConfig(width=16, blocks=5, slim_ends=True)
"""A quarter of the published network's parameters, a fifth of its time."""

LEARNING_RATE = 2e-3
STYLE_SHARE = 5.0
"""Weight of the style against the content at a `style_weight` of 1."""

SNAPSHOT_EVERY = 200
"""Steps between snapshots, from which learning goes on when it was interrupted."""


@dataclass(frozen=True, slots=True)
class _Goal:
    """What a painted picture is compared with."""

    network: LossNetwork
    grams: dict[str, Tensor]
    settings: LearnSettings

    def loss(self, photos: Tensor, painted: Tensor) -> Tensor:
        """Return the relative errors of content and of style, and the roughness."""
        with torch.no_grad():
            content = self.network(photos, [CONTENT_LAYER])[CONTENT_LAYER].float()
        seen = self.network(painted)
        content_error = F.mse_loss(seen[CONTENT_LAYER].float(), content) / content.square().mean()
        style_errors = [
            F.mse_loss(gram_matrix(seen[name]), target.expand(len(painted), -1, -1)) / target.square().mean()
            for name, target in self.grams.items()
        ]
        across, down = painted.diff(dim=-1).square().mean(), painted.diff(dim=-2).square().mean()
        style_error = torch.stack(style_errors).mean()
        weight = STYLE_SHARE * self.settings.style_weight
        total: Tensor = content_error + weight * style_error + self.settings.tv_weight * (across + down)
        return total


def learn_style(
    image: Path,
    weights: Path,
    settings: LearnSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    start: Path | None = None,
) -> None:
    """Write a network that paints like `image` to `weights`, with what it was made of in its metadata.

    Training starts from the style in `start`, if given, rather than from noise. When stopped early nothing is written
    but a snapshot, from which the next call goes on. Raises StyleError where the image or a photo cannot be read.
    """
    where = select_device(device)
    torch.manual_seed(0)
    goal = _goal(read_picture(image), settings, where)
    snapshot = weights.with_name(f"{weights.stem}.learning.safetensors")
    network, first = _begin(snapshot, start)
    network.to(where).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with buffered(_pictures(settings), torch.from_numpy, workers=1, ahead=8 * settings.batch) as pictures:
        last = first
        for event in _train(network, goal, pictures, first):
            last = event.step
            observe(event)
            if last % SNAPSHOT_EVERY == 0 or stop.is_set():
                save_weights(snapshot, network, style_metadata(network, step=str(last)))
            if stop.is_set():
                return
    save_weights(weights, network, _metadata(network, image, settings, last, start))
    snapshot.unlink(missing_ok=True)


def _train(network: TransformerNet, goal: _Goal, pictures: Iterator[Tensor], first: int) -> Iterator[Learned]:
    settings = goal.settings
    device = next(network.parameters()).device
    optimiser = torch.optim.Adam(network.parameters())
    began = time.monotonic()
    step, done = first, first / settings.steps
    while done < 1:
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * _pace(done, step - first)
        photos = (
            torch.stack([next(pictures) for _ in range(settings.batch)]).to(device).permute(0, 3, 1, 2).float() / 255
        )
        optimiser.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=fast_dtype(device) == torch.bfloat16):
            painted = network(photos)
        loss = goal.loss(photos, painted)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        elapsed = time.monotonic() - began
        done = elapsed / (60 * settings.minutes) if settings.minutes else step / settings.steps
        steps = max(step, round(step / done)) if settings.minutes else settings.steps
        yield Learned(step, steps, float(loss.detach()), elapsed)


def _pace(done: float, steps: int) -> float:
    """Return the learning rate's share: a short run-up, then half a cosine down to a hundredth."""
    return min(1.0, (steps + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0)))))


def _goal(image: Picture, settings: LearnSettings, device: torch.device) -> _Goal:
    network = load_loss_network(settings.loss_network).to(device)
    seen = resize_short_side(image, settings.style_size)
    with torch.no_grad():
        activations = network(torch.from_numpy(seen).to(device).permute(2, 0, 1)[None].float() / 255, STYLE_LAYERS)
    grams = {name: gram_matrix(activations[name]) for name in STYLE_LAYERS}
    network.to(dtype=fast_dtype(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    return _Goal(network, grams, settings)


def _begin(snapshot: Path, start: Path | None) -> tuple[TransformerNet, int]:
    if snapshot.exists():
        return load_style(snapshot), int(read_metadata(snapshot)["step"])
    return (load_style(start) if start else TransformerNet(SLIM)), 0


def _pictures(settings: LearnSettings) -> Iterator[Picture]:
    """Yield photos where there are some, with an invented picture now and then; else invented pictures alone."""
    invented = procedural_crops(settings.crop, seed=1)
    if settings.photos is None:
        return invented
    photos = photo_crops(list_pictures(settings.photos), settings.crop, seed=1)
    rounds = zip(photos, photos, photos, photos, photos, photos, photos, invented, strict=False)
    return chain.from_iterable(rounds)


def _metadata(
    network: TransformerNet, image: Path, settings: LearnSettings, steps: int, start: Path | None
) -> dict[str, str]:
    count = len(list_pictures(settings.photos)) if settings.photos else 0
    command = ["streamstyle", "learn", image.name, "--steps", str(steps), "--batch", str(settings.batch)]
    command += ["--crop", str(settings.crop), "--style-size", str(settings.style_size)]
    command += ["--style-weight", str(settings.style_weight)]
    command += ["--photos", settings.photos.name] if settings.photos else []
    command += ["--loss-network", settings.loss_network.name] if settings.loss_network else []
    command += ["--title", settings.title] if settings.title else []
    command += ["--artist", settings.artist] if settings.artist else []
    command += ["--start", start.stem] if start else []
    return style_metadata(
        network,
        name=image.stem,
        title=settings.title,
        artist=settings.artist,
        image_sha256=sha256(image.read_bytes()).hexdigest(),
        trained_on=f"{count} photos and procedural pictures" if count else "procedural pictures",
        command=shlex.join(command),
        date=date.today().isoformat(),
    )
