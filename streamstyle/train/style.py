"""Train a style: a network that stylises after one image (Johnson et al. 2016)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from streamstyle.errors import OutputError, StyleError
from streamstyle.events import Event, Observer, StyleTrained, TrainingStep, TrainingStopped
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage, encode_thumbnail, resize_short_side
from streamstyle.models.metadata import STYLE_IMAGE, THUMBNAIL, LossNetwork, NetworkShape, read_bytes, read_metadata
from streamstyle.models.style_net import SHAPES, StyleNet
from streamstyle.models.weights import (
    load_loss_network,
    load_style_net,
    load_style_predictor,
    save_weights,
    style_metadata,
)
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import Grams
from streamstyle.prefetch import prefetch
from streamstyle.settings import Device
from streamstyle.styles.blending import net_from_image
from streamstyle.styles.library import style_name, style_predictor_path
from streamstyle.styles.style_image import encode_style_image, read_style_image, style_image_digest
from streamstyle.train.augment import perturb
from streamstyle.train.film_images import FilmImages
from streamstyle.train.image_data import (
    list_images,
    next_batch,
    photo_crops,
    procedural_crops,
    training_images,
)
from streamstyle.train.loop import Schedule, TrainingLog, train
from streamstyle.train.loss import STYLE_SHARES, StyleLoss, for_training, grams_by_scale
from streamstyle.train.palette import palette, palette_distance
from streamstyle.train.provenance import command_options, count_training_images, training_metadata
from streamstyle.train.settings import StyleTrainingSettings
from streamstyle.train.teacher import StyleImitation


class StartFrom(StrEnum):
    """What training starts from, if not from a style."""

    style_predictor = "style-predictor"
    noise = "noise"


Start = StartFrom | Path

CLOSE_UP_FRACTION = 0.2
"""Fraction of the photos that close-ups are cut from."""


@gpu_errors_as_device_errors("--batch")
def train_style(
    image: Path,
    output: Path,
    settings: StyleTrainingSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    start: Start = StartFrom.style_predictor,
    film: FilmImages | None = None,
) -> bool:
    """Train a network to stylise like `image` and write it to `output`, with its provenance in the metadata.

    Training starts from the network that the style predictor makes for the image, from the style in a file, or from
    noise. With `film` the network is trained on its frames in place of photos. Returns False if `stop` was set: then
    only a snapshot is written, from which the next call resumes. Raises StyleError if an image cannot be read or the
    start is a network of another shape, OutputError if the folder of the output cannot be created.
    """
    create_folder(output.parent)
    last_step = TrainingStep(0, 0, 0.0, 0.0)

    def record_step(event: Event) -> None:
        nonlocal last_step
        last_step = event if isinstance(event, TrainingStep) else last_step
        observe(event)

    if not _train_network(image, output, settings, select_device(device), record_step, stop, start, film):
        observe(TrainingStopped(style_name(output), last_step.step))
        return False
    observe(StyleTrained(style_name(output), str(image), str(output), last_step.elapsed))
    return True


def _train_network(
    image: Path,
    output: Path,
    settings: StyleTrainingSettings,
    device: torch.device,
    observe: Observer,
    stop: threading.Event,
    start: Start,
    film: FilmImages | None,
) -> bool:
    torch.manual_seed(0)
    style_image = read_style_image(image)
    objective: _Objective | StyleImitation
    if settings.teacher is not None:
        objective = StyleImitation.create(settings.teacher, device)
    else:
        objective = _Objective.create(style_image, settings, device)
    log = TrainingLog(output)
    first_step = log.snapshot_step
    network = _initial_network(log.snapshot, start, style_image, settings.shape)
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with prefetch(
        _training_crops(settings, first_step, film), torch.from_numpy, workers=1, ahead=8 * settings.batch
    ) as crops:
        steps = train(
            network,
            partial(_step_loss, network, objective, crops, settings.batch, device),
            Schedule(settings.learning_rate, settings.steps, settings.minutes, first_step),
            log,
            lambda step: style_metadata(network, step=str(step)),
            observe,
            stop,
        )
    if steps is None:
        return False
    metadata = _metadata(network, image, settings, steps, start, film)
    save_weights(output, network, metadata, images=_stored_images(image, style_image))
    log.close()
    return True


def create_folder(folder: Path) -> None:
    """Create the folder of a weights file; raises OutputError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {folder} cannot be created ({error.strerror})",
            "Choose another folder or make its parent writable.",
        ) from error


def _step_loss(
    network: StyleNet,
    objective: _Objective | StyleImitation,
    crops: Iterator[Tensor],
    count: int,
    device: torch.device,
    _: int,
) -> tuple[Tensor, Tensor]:
    photos = next_batch(crops, count, device)
    with torch.autocast(device.type, torch.bfloat16, enabled=compute_dtype(device) == torch.bfloat16):
        if isinstance(objective, StyleImitation):
            shown, target = objective.example(photos)
            stylised = network(shown)
            return objective.loss.loss(stylised, target), stylised
        stylised = network(photos)
        perturbed, expected = perturb(photos[:1], stylised[:1])
        stability = objective.style_loss.stability_loss(expected, network(perturbed))
    return objective.loss(photos, stylised) + stability, stylised


@dataclass(frozen=True, slots=True)
class _Objective:
    """What a network is trained for: the style loss of one image, and its colours."""

    style_loss: StyleLoss
    grams: Sequence[Grams]
    """Of the image at its size, at half of it, a quarter, ..."""
    palette: Tensor
    """[1, positions, 3] from `palette`."""
    palette_weight: float

    @classmethod
    def create(cls, image: RgbImage, settings: StyleTrainingSettings, device: torch.device) -> _Objective:
        network = load_loss_network(settings.loss_network, LossNetwork.vgg16).to(device)
        painting = to_tensor(resize_short_side(image, settings.style_size)).to(device)
        grams = grams_by_scale(network, painting, settings.style_scales, STYLE_SHARES)
        style_loss = StyleLoss(
            for_training(network, device),
            settings.style_weight,
            settings.tv_weight,
            settings.noise_weight,
            style_layers=STYLE_SHARES,
        )
        return cls(style_loss, grams, palette(image)[None].to(device), settings.palette_weight)

    def loss(self, photos: Tensor, stylised: Tensor) -> Tensor:
        loss = self.style_loss.loss(photos, stylised, [[grams] for grams in self.grams])
        return loss + self.palette_weight * palette_distance(stylised, self.palette)


def _initial_network(snapshot: Path, start: Start, style_image: RgbImage, shape: NetworkShape) -> StyleNet:
    if snapshot.exists():
        return load_style_net(snapshot)
    if start is StartFrom.noise:
        return StyleNet(SHAPES[shape])
    if isinstance(start, Path):
        network = load_style_net(start)
    else:
        network = net_from_image(style_image, load_style_predictor(style_predictor_path(shape)))
    if network.config != SHAPES[shape]:
        raise StyleError(
            f"the network to start from does not have the shape {shape}", "Give --start noise, or the --shape it has."
        )
    return network


def _training_crops(settings: StyleTrainingSettings, seed: int, film: FilmImages | None) -> Iterator[RgbImage]:
    """Yield seven photos or frames of the film, then a procedural image, in turn; procedural ones only without both."""
    procedural = procedural_crops(settings.crop, seed)
    if film is not None:
        photos = film.crops(settings.crop, seed)
    elif settings.photos is not None:
        photos = photo_crops(training_images(list_images(settings.photos)), settings.crop, seed, CLOSE_UP_FRACTION)
    else:
        return procedural
    groups = zip(photos, photos, photos, photos, photos, photos, photos, procedural, strict=False)
    return chain.from_iterable(groups)


def _stored_images(path: Path, image: RgbImage) -> dict[str, bytes]:
    """Return thumbnail and style image for a weights file: those of the file that the image came in, if it has them."""
    stored = {name: read_bytes(path, name) for name in (THUMBNAIL, STYLE_IMAGE) if path.suffix == ".safetensors"}
    return {
        THUMBNAIL: stored.get(THUMBNAIL) or encode_thumbnail(image),
        STYLE_IMAGE: stored.get(STYLE_IMAGE) or encode_style_image(image),
    }


def _image_name(image: Path) -> str:
    """Return how `learn` names the image: a file by its name, that of a style by the style's."""
    return style_name(image) if image.suffix == ".safetensors" else image.name


def _metadata(
    network: StyleNet,
    image: Path,
    settings: StyleTrainingSettings,
    steps: int,
    start: Start,
    film: FilmImages | None,
) -> dict[str, str]:
    names = (
        "steps", "batch", "crop", "style_size", "style_scales", "style_weight", "palette_weight", "learning_rate",
        "photos", "loss_network", "teacher",
    )  # fmt: skip
    options = command_options(replace(settings, steps=steps), *names, "title", "artist")
    options += ["--shape", settings.shape] if settings.shape is not NetworkShape.separable else []
    if start is not StartFrom.style_predictor:
        options += ["--start", start.stem if isinstance(start, Path) else start]
    command = ["streamstyle", "learn", _image_name(image), *options]
    trained_on = f"{count_training_images(settings.photos)} photos and " if settings.photos else ""
    if film is not None:
        film_options = [film.path.name, "--style", _image_name(image), "--adapt", f"{settings.minutes or 0:g}m"]
        command = ["streamstyle", "run", *film_options]
        trained_on = f"{len(film.images)} frames of {film.path.name} and "
    known = read_metadata(image) if image.suffix == ".safetensors" else {}
    return style_metadata(
        network,
        name=style_name(image),
        title=settings.title or known.get("title", ""),
        artist=settings.artist or known.get("artist", ""),
        image_sha256=style_image_digest(image),
        **training_metadata(
            command,
            f"{trained_on}procedural pictures",
            start if isinstance(start, Path) else settings.teacher,
        ),
    )
