"""Train the network that enlarges painted frames: pictures are made smaller, and it learns to make them whole again."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.events import Observer
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.media.images import RgbImage
from streamstyle.models.metadata import read_metadata
from streamstyle.models.style_net import StyleNet
from streamstyle.models.upscaler import Upscaler
from streamstyle.models.weights import load_upscaler, prepare_style_net, save_weights, upscaler_metadata
from streamstyle.prefetch import prefetch
from streamstyle.settings import Device
from streamstyle.styles.blending import load_blend
from streamstyle.styles.spec import BlendPart, StyleBlend
from streamstyle.train.augment import downscale
from streamstyle.train.image_data import list_images, next_batch, photo_crops, procedural_crops, training_images
from streamstyle.train.loop import Schedule, TrainingLog, train
from streamstyle.train.settings import UpscalerTrainingSettings

_CHARBONNIER_EPSILON = 1e-3
"""Where the loss turns from a square into the difference itself (Charbonnier et al. 1994)."""


def train_upscaler(
    output: Path,
    styles: Sequence[Path],
    settings: UpscalerTrainingSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
) -> None:
    """Write a network that enlarges to `output`; stopped early, a snapshot from which the next call goes on.

    It learns from photos painted in `styles`, which are files of styles that can be mixed, and from pictures as they
    are. Raises StyleError where a folder holds no pictures.
    """
    where = select_device(device)
    journal = TrainingLog(output)
    network, first = _initial_network(journal.snapshot)
    network.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
    torch.manual_seed(first)
    with ExitStack() as opened:
        originals = UpscalerData(settings, styles, where, opened, first)

        def objective(_: int) -> tuple[Tensor, Tensor]:
            with torch.no_grad():
                whole = originals.next_batch(settings.batch)
                small = downscale(whole)
            with torch.autocast(where.type, torch.bfloat16, enabled=compute_dtype(where) == torch.bfloat16):
                made = network.add_detail(small, network.detail(small))
            return charbonnier_loss(made, whole), made

        course = Schedule(settings.learning_rate, settings.steps, settings.minutes, first)
        steps = train(
            network, objective, course, journal, lambda step: upscaler_metadata(network, step=str(step)), observe, stop
        )
    if steps is None:
        return
    save_weights(output, network, upscaler_metadata(network, **_metadata(settings, styles, steps)))
    journal.close()


def charbonnier_loss(
    made: Tensor,  # [N, 3, H, W] float
    whole: Tensor,  # [N, 3, H, W] float in [0, 1]
) -> Tensor:
    """Return the mean difference of the pictures, and of their steps from pixel to pixel, which are their edges."""
    wrong = (made - whole).float()
    return _charbonnier(wrong) + _charbonnier(wrong.diff(dim=-1)) + _charbonnier(wrong.diff(dim=-2))


def _charbonnier(difference: Tensor) -> Tensor:
    return (difference.square() + _CHARBONNIER_EPSILON**2).sqrt().mean()


def _initial_network(snapshot: Path) -> tuple[Upscaler, int]:
    if snapshot.exists():
        return load_upscaler(snapshot), int(read_metadata(snapshot)["step"])
    torch.manual_seed(0)
    return Upscaler(), 0


def _metadata(settings: UpscalerTrainingSettings, styles: Sequence[Path], steps: int) -> dict[str, str]:
    command = ["streamstyle", "train", "upscaler", "--photos", settings.photos.name]
    command += ["--paintings", settings.paintings.name, "--steps", str(steps), "--batch", str(settings.batch)]
    command += ["--crop", str(settings.crop), "--learning-rate", str(settings.learning_rate)]
    photos, paintings = (len(training_images(list_images(folder))) for folder in (settings.photos, settings.paintings))
    return {
        "trained_on": f"{photos} photos painted in {', '.join(path.stem for path in styles)}, {paintings} paintings, "
        "and procedural pictures",
        "command": shlex.join(command),
        "date": date.today().isoformat(),
    }


STRENGTHS = (1.0, 1.0, 0.7)
"""Strengths that photos are painted with, one as likely as the other."""

SUPERSAMPLING = (1.25, 1.5)
"""Times its size at which a photo is painted; made smaller again, edges of strokes are the crisper for it."""


class UpscalerData:
    """Draws pictures from folders of photos and of paintings; they are read ahead until `opened` closes."""

    def __init__(
        self,
        settings: UpscalerTrainingSettings,
        styles: Sequence[Path],
        device: torch.device,
        opened: ExitStack,
        seed: int,
    ) -> None:
        """Raises StyleError where a folder holds no pictures."""
        self._device = device
        self._random = np.random.default_rng(seed)
        self._style_nets = [
            [
                prepare_style_net(load_blend(StyleBlend(path.stem, (BlendPart(path),)), strength), device)
                for strength in STRENGTHS
            ]
            for path in styles
        ]
        self._scenes, self._plain = (
            opened.enter_context(prefetch(crops, torch.from_numpy, workers=1, ahead=2 * settings.batch))
            for crops in (_photos(settings, seed), _unstylised(settings, seed + 1))
        )

    def next_batch(self, count: int) -> Tensor:  # [count, 3, S, S] float32 in [0, 1]
        """Return the next pictures: of three, two are painted by a style network, all in one style."""
        plain = next_batch(self._plain, count // 3, self._device)
        scenes = next_batch(self._scenes, count - count // 3, self._device)
        return torch.cat([self._stylise(scenes), plain])

    def _stylise(self, scenes: Tensor) -> Tensor:
        side = scenes.shape[-1]
        larger = F.interpolate(scenes, [round(side * self._random.choice(SUPERSAMPLING))] * 2, mode="bicubic").clamp(
            0, 1
        )
        painted = self._draw_style_net()(larger)
        return F.interpolate(painted, [side, side], mode="bicubic", antialias=True).clamp(0, 1)

    def _draw_style_net(self) -> StyleNet:
        of_style = self._style_nets[self._random.integers(len(self._style_nets))]
        return of_style[self._random.integers(len(of_style))]


def _photos(settings: UpscalerTrainingSettings, seed: int) -> Iterator[RgbImage]:
    """Yield photos to be painted."""
    return photo_crops(training_images(list_images(settings.photos)), settings.crop, seed, close=0.1)


def _unstylised(settings: UpscalerTrainingSettings, seed: int) -> Iterator[RgbImage]:
    """Yield what is as it should be already; invented pictures have the edges of a knife."""
    photos = photo_crops(training_images(list_images(settings.photos)), settings.crop, seed)
    paintings = photo_crops(training_images(list_images(settings.paintings)), settings.crop, seed)
    invented = procedural_crops(settings.crop, seed)
    return chain.from_iterable(zip(paintings, invented, photos, invented, strict=False))
