"""Train the upscaler: images are downscaled, and the network learns to restore them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.events import Observer
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.media.images import RgbImage
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
from streamstyle.train.provenance import command_options, count_training_images, training_metadata
from streamstyle.train.settings import UpscalerTrainingSettings

STRENGTHS = (1.0, 1.0, 0.7)
"""Strengths that photos are stylised with, drawn with equal probability."""

SUPERSAMPLING = (1.25, 1.5)
"""Factors by which a photo is enlarged to be stylised. Scaled down again, it has crisper strokes."""

_CHARBONNIER_EPSILON = 1e-3
"""Difference around which the loss changes from quadratic to linear (Charbonnier et al. 1994)."""


def train_upscaler(
    output: Path,
    styles: Sequence[Path],
    settings: UpscalerTrainingSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
) -> None:
    """Train an upscaler and write it to `output`; if `stop` is set, a snapshot, from which the next call resumes.

    The training images are photos stylised in `styles`, files of styles that can be blended, and photos, paintings and
    procedural images as they are. Raises StyleError if a folder has no images.
    """
    torch_device = select_device(device)
    log = TrainingLog(output)
    first_step, network = log.snapshot_step, _initial_network(log.snapshot)
    network.to(torch_device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    torch.manual_seed(first_step)
    mixed = compute_dtype(torch_device) == torch.bfloat16
    with ExitStack() as opened:
        data = UpscalerData(settings, styles, torch_device, opened, first_step)

        def step_function(_: int) -> tuple[Tensor, Tensor]:
            with torch.no_grad():
                images = data.next_batch(settings.batch)
                small = downscale(images)
            with torch.autocast(torch_device.type, torch.bfloat16, enabled=mixed):
                upscaled = network.add_detail(small, network.detail(small))
            return charbonnier_loss(upscaled, images), upscaled

        schedule = Schedule(settings.learning_rate, settings.steps, settings.minutes, first_step)
        steps = train(
            network,
            step_function,
            schedule,
            log,
            lambda step: upscaler_metadata(network, step=str(step)),
            observe,
            stop,
        )
    if steps is None:
        return
    save_weights(output, network, upscaler_metadata(network, **_metadata(settings, styles, steps)))
    log.close()


def charbonnier_loss(
    upscaled: Tensor,  # [N, 3, H, W] float
    images: Tensor,  # [N, 3, H, W] float in [0, 1]
) -> Tensor:
    """Return the Charbonnier loss of the images plus that of their horizontal and vertical gradients."""
    difference = (upscaled - images).float()
    return _charbonnier(difference) + _charbonnier(difference.diff(dim=-1)) + _charbonnier(difference.diff(dim=-2))


def _charbonnier(difference: Tensor) -> Tensor:
    return (difference.square() + _CHARBONNIER_EPSILON**2).sqrt().mean()


def _initial_network(snapshot: Path) -> Upscaler:
    if snapshot.exists():
        return load_upscaler(snapshot)
    torch.manual_seed(0)
    return Upscaler()


def _metadata(settings: UpscalerTrainingSettings, styles: Sequence[Path], steps: int) -> dict[str, str]:
    names = ("photos", "paintings", "steps", "batch", "crop", "learning_rate")
    photos, paintings = count_training_images(settings.photos), count_training_images(settings.paintings)
    return training_metadata(
        ["streamstyle", "train", "upscaler", *command_options(replace(settings, steps=steps), *names)],
        f"{photos} photos painted in {', '.join(path.stem for path in styles)}, {paintings} paintings, "
        "and procedural pictures",
    )


class UpscalerData:
    """Training images from folders of photos and paintings; they are prefetched until `opened` closes."""

    def __init__(
        self,
        settings: UpscalerTrainingSettings,
        styles: Sequence[Path],
        device: torch.device,
        opened: ExitStack,
        seed: int,
    ) -> None:
        """Raises StyleError if a folder has no images."""
        self._device = device
        self._random = np.random.default_rng(seed)
        self._style_nets = [
            [
                prepare_style_net(load_blend(StyleBlend(path.stem, (BlendPart(path),)), strength), device)
                for strength in STRENGTHS
            ]
            for path in styles
        ]
        self._photos, self._others = (
            opened.enter_context(prefetch(crops, torch.from_numpy, workers=1, ahead=2 * settings.batch))
            for crops in (_photo_crops(settings, seed), _unstylised_crops(settings, seed + 1))
        )

    def next_batch(self, count: int) -> Tensor:  # [count, 3, S, S] float32 in [0, 1]
        """Return the next images; two in three are stylised, all of them in one style."""
        others = next_batch(self._others, count // 3, self._device)
        photos = next_batch(self._photos, count - count // 3, self._device)
        return torch.cat([self._stylise(photos), others])

    def _stylise(self, photos: Tensor) -> Tensor:
        side = photos.shape[-1]
        enlarged = F.interpolate(photos, [round(side * self._random.choice(SUPERSAMPLING))] * 2, mode="bicubic").clamp(
            0, 1
        )
        stylised = self._draw_style_net()(enlarged)
        return F.interpolate(stylised, [side, side], mode="bicubic", antialias=True).clamp(0, 1)

    def _draw_style_net(self) -> StyleNet:
        strengths = self._style_nets[self._random.integers(len(self._style_nets))]
        return strengths[self._random.integers(len(strengths))]


def _photo_crops(settings: UpscalerTrainingSettings, seed: int) -> Iterator[RgbImage]:
    """Yield the photos to stylise."""
    return photo_crops(training_images(list_images(settings.photos)), settings.crop, seed, close_up_fraction=0.1)


def _unstylised_crops(settings: UpscalerTrainingSettings, seed: int) -> Iterator[RgbImage]:
    """Yield images that are targets as they are; procedural ones have the sharpest edges."""
    photos = photo_crops(training_images(list_images(settings.photos)), settings.crop, seed)
    paintings = photo_crops(training_images(list_images(settings.paintings)), settings.crop, seed)
    procedural = procedural_crops(settings.crop, seed)
    return chain.from_iterable(zip(paintings, procedural, photos, procedural, strict=False))
