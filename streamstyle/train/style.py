"""Learn a style: train a transformer network until it paints like one image (Johnson et al. 2016)."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.errors import OutputError, StyleError
from streamstyle.events import Event, Observer, StyleTrained, TrainingStep, TrainingStopped
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage, encode_thumbnail, read_image, resize_short_side
from streamstyle.models.metadata import LossWidth, NetworkShape, read_metadata, training_commands
from streamstyle.models.style_net import SHAPES, StyleNet
from streamstyle.models.weights import load_loss_network, load_style_net, save_weights, style_metadata
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import Grams, style_grams
from streamstyle.prefetch import prefetch
from streamstyle.settings import Device
from streamstyle.styles.blending import net_from_image
from streamstyle.styles.library import style_name
from streamstyle.train.augment import add_noise_or_compress
from streamstyle.train.image_data import (
    list_images,
    next_batch,
    photo_crops,
    procedural_crops,
    training_images,
)
from streamstyle.train.loop import Schedule, TrainingLog, train
from streamstyle.train.loss import StyleLoss
from streamstyle.train.settings import StyleTrainingSettings


class StartFrom(StrEnum):
    """What learning starts from where it is no style of its own."""

    style_predictor = "style-predictor"
    noise = "noise"


Start = StartFrom | Path
CLOSE_UP_SHARE = 0.2
"""Share of the photos that are looked at closely."""


@gpu_errors_as_device_errors("--batch")
def train_style(
    image: Path,
    weights: Path,
    settings: StyleTrainingSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    start: Start = StartFrom.style_predictor,
) -> bool:
    """Write a network that paints like `image` to `weights`, with what it was made of in its metadata.

    Training starts from what the network for any style makes of the image, from the style in a file, or from noise.
    Returns False when stopped early: then nothing is written but a snapshot, from which the next call goes on. Raises
    StyleError where the image or a photo cannot be read, or the start is a network of another shape; OutputError where
    the folder of the weights cannot be made.
    """
    _make_folder(weights.parent)
    last = TrainingStep(0, 0, 0.0, 0.0)

    def listen(event: Event) -> None:
        nonlocal last
        last = event if isinstance(event, TrainingStep) else last
        observe(event)

    if not _train(image, weights, settings, select_device(device), listen, stop, start):
        observe(TrainingStopped(style_name(weights), last.step))
        return False
    observe(StyleTrained(style_name(weights), str(image), str(weights), last.elapsed))
    return True


def _train(
    image: Path,
    weights: Path,
    settings: StyleTrainingSettings,
    device: torch.device,
    observe: Observer,
    stop: threading.Event,
    start: Start,
) -> bool:
    torch.manual_seed(0)
    style_image = read_image(image)
    goal, grams = _style_loss(style_image, settings, device)
    journal = TrainingLog(weights)
    network, first = _initial_network(journal.snapshot, start, style_image, settings.shape)
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with prefetch(_training_crops(settings, first), torch.from_numpy, workers=1, ahead=8 * settings.batch) as pictures:
        steps = train(
            network,
            partial(_step_loss, network, goal, grams, pictures, settings.batch, device),
            Schedule(settings.learning_rate, settings.steps, settings.minutes, first),
            journal,
            lambda step: style_metadata(network, step=str(step)),
            observe,
            stop,
        )
    if steps is None:
        return False
    metadata = _metadata(network, image, settings, steps, start)
    save_weights(weights, network, metadata, thumbnail=encode_thumbnail(style_image))
    journal.close()
    return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made ({error.strerror})", "Make it writable.") from error


def _step_loss(
    network: StyleNet,
    goal: StyleLoss,
    grams: Grams,
    pictures: Iterator[Tensor],
    count: int,
    device: torch.device,
    _: int,
) -> tuple[Tensor, Tensor]:
    photos = next_batch(pictures, count, device)
    with torch.autocast(device.type, torch.bfloat16, enabled=compute_dtype(device) == torch.bfloat16):
        both = network(torch.cat([photos, add_noise_or_compress(photos[:1])]))
    painted, again = both[:-1], both[-1:]
    return goal.loss(photos, painted, [grams]) + goal.noise_loss(painted[:1], again), painted


def _style_loss(image: RgbImage, settings: StyleTrainingSettings, device: torch.device) -> tuple[StyleLoss, Grams]:
    network = load_loss_network(settings.loss_network, LossWidth.wide).to(device)
    grams = style_grams(network, to_tensor(resize_short_side(image, settings.style_size)).to(device))
    network.to(dtype=compute_dtype(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    return StyleLoss(network, settings.style_weight, settings.tv_weight, settings.noise_weight), grams


def _initial_network(snapshot: Path, start: Start, painting: RgbImage, shape: NetworkShape) -> tuple[StyleNet, int]:
    if snapshot.exists():
        return load_style_net(snapshot), int(read_metadata(snapshot)["step"])
    if start is StartFrom.noise:
        return StyleNet(SHAPES[shape]), 0
    network = load_style_net(start) if isinstance(start, Path) else net_from_image(painting)
    if network.config != SHAPES[shape]:
        raise StyleError(
            f"what learning starts from is not of the shape {shape}", "Give --start noise, or its --shape."
        )
    return network, 0


def _training_crops(settings: StyleTrainingSettings, seed: int) -> Iterator[RgbImage]:
    """Yield photos where there are some, with an invented picture now and then; else invented pictures alone."""
    invented = procedural_crops(settings.crop, seed)
    if settings.photos is None:
        return invented
    photos = photo_crops(training_images(list_images(settings.photos)), settings.crop, seed, CLOSE_UP_SHARE)
    rounds = zip(photos, photos, photos, photos, photos, photos, photos, invented, strict=False)
    return chain.from_iterable(rounds)


def _metadata(
    network: StyleNet, image: Path, settings: StyleTrainingSettings, steps: int, start: Start
) -> dict[str, str]:
    count = len(training_images(list_images(settings.photos))) if settings.photos else 0
    command = ["streamstyle", "learn", image.name, "--steps", str(steps), "--batch", str(settings.batch)]
    command += ["--crop", str(settings.crop), "--style-size", str(settings.style_size)]
    command += ["--style-weight", str(settings.style_weight)]
    command += ["--learning-rate", str(settings.learning_rate)]
    command += ["--photos", settings.photos.name] if settings.photos else []
    command += ["--loss-network", settings.loss_network.name] if settings.loss_network else []
    command += ["--title", settings.title] if settings.title else []
    command += ["--artist", settings.artist] if settings.artist else []
    command += ["--shape", settings.shape] if settings.shape is not NetworkShape.fast else []
    command += (
        [] if start is StartFrom.style_predictor else ["--start", start.stem if isinstance(start, Path) else start]
    )
    previous = {"previous_training": training_commands(read_metadata(start))} if isinstance(start, Path) else {}
    return style_metadata(
        network,
        name=image.stem,
        title=settings.title,
        artist=settings.artist,
        image_sha256=sha256(image.read_bytes()).hexdigest(),
        trained_on=f"{count} photos and procedural pictures" if count else "procedural pictures",
        command=shlex.join(command),
        date=date.today().isoformat(),
        **previous,
    )
