"""Train the network that enlarges painted frames: pictures are made smaller, and it learns to make them whole again."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.events import Observer
from streamstyle.nets.device import compute_dtype, select_device
from streamstyle.nets.metadata import read_metadata
from streamstyle.nets.upscaler import Upscaler
from streamstyle.nets.weights import load_upscaler, save_weights, upscaler_metadata
from streamstyle.settings import Device
from streamstyle.train.journal import TrainingLog
from streamstyle.train.loop import Schedule, train
from streamstyle.train.originals import UpscalerData
from streamstyle.train.pictures import list_images, training_images
from streamstyle.train.shrinking import downscale
from streamstyle.train_settings import UpscalerTrainingSettings

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
                whole = originals.draw(settings.batch)
                small = downscale(whole)
            with torch.autocast(where.type, torch.bfloat16, enabled=compute_dtype(where) == torch.bfloat16):
                made = network.add_detail(small, network.detail(small))
            return loss(made, whole), made

        course = Schedule(settings.learning_rate, settings.steps, settings.minutes, first)
        steps = train(
            network, objective, course, journal, lambda step: upscaler_metadata(network, step=str(step)), observe, stop
        )
    if steps is None:
        return
    save_weights(output, network, upscaler_metadata(network, **_metadata(settings, styles, steps)))
    journal.close()


def loss(
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
