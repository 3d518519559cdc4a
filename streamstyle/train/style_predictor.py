"""Train the style predictor on a folder of photos and a folder of paintings (Ghiasi et al. 2017)."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.errors import StyleError
from streamstyle.events import Observer
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage, read_image, resize_short_side
from streamstyle.models.metadata import LossNetwork, read_metadata
from streamstyle.models.style_net import SHAPES
from streamstyle.models.style_predictor import StylePredictor, style_statistics
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import (
    STYLE_PREDICTOR_KIND,
    load_loss_network,
    load_style_net,
    load_style_predictor,
    save_weights,
    style_predictor_metadata,
)
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import Grams
from streamstyle.prefetch import prefetch
from streamstyle.settings import Device
from streamstyle.train.augment import perturb
from streamstyle.train.grid import without_grid
from streamstyle.train.image_data import (
    list_images,
    next_batch,
    photo_crops,
    random_crop,
    training_images,
)
from streamstyle.train.loop import Schedule, TrainingLog, train
from streamstyle.train.loss import STYLE_SHARES, StyleLoss, for_training, grams_by_scale
from streamstyle.train.palette import palette, palette_distance
from streamstyle.train.provenance import command_options, count_training_images, training_metadata
from streamstyle.train.settings import StylePredictorTrainingSettings
from streamstyle.train.teacher import TeacherLoss, copy_common_layers

STYLE_LAYERS = {name: share for name, share in STYLE_SHARES.items() if name != "relu5_1"}
CONTENT_LAYER = "relu4_1"
"""The layers above relu4_1 would cost a third more and contribute little on small crops."""

FAVOURED_FRACTION = 0.35
"""Fraction of the photos that are stylised after a favoured style image, one that will get a network of its own."""

PHOTOS_PER_STYLE = 2
"""Photos of a batch that are stylised after the same style image."""

IDENTITY_EVERY = 16
"""One in this many photos has itself as the target, with `identity_code`, which `--strength` interpolates to."""

IDENTITY_WEIGHT = 100.0
"""Weight of the mean squared error of that."""

CROPS_PER_PAINTING = 2
"""Number of different crops of each painting."""

CROPS_PER_FAVOURED = 8
"""Number of different crops of each favoured style image."""


@dataclass(frozen=True, slots=True)
class StyleExample:
    """The style of one crop: its statistics, the input of the predictor, and the targets.

    The targets are VGG's Gram matrices, which are left out with a teacher, and the colours.
    """

    statistics: Tensor
    grams: Sequence[Grams]
    """At full size, half of it, ..."""
    palette: Tensor


class StyleDataset:
    """Style examples of paintings, computed when they are first sampled, and cached."""

    def __init__(
        self,
        paintings: Sequence[Path],
        favoured: Sequence[Path],
        vgg: VggFeatures | None,
        loss_network: VggFeatures,
        scales: int = 1,
    ) -> None:
        self._paintings, self._favoured, self._scales = paintings, favoured, scales
        self._vgg, self._loss_network = vgg, loss_network
        self._examples: dict[tuple[Path, int], StyleExample] = {}

    def sample(self, rng: np.random.Generator) -> StyleExample:
        """Return a random style example."""
        favoured = bool(self._favoured) and rng.random() < FAVOURED_FRACTION
        paths = self._favoured if favoured else self._paintings
        path, crop = (
            paths[int(rng.integers(len(paths)))],
            int(rng.integers(CROPS_PER_FAVOURED if favoured else CROPS_PER_PAINTING)),
        )
        if (path, crop) not in self._examples:
            self._examples[path, crop] = self._describe(_crop(read_image(path), crop, favoured=favoured))
        return self._examples[path, crop]

    def statistics(self, count: int) -> Tensor:
        """Return the statistics of `count` random paintings, one per row."""
        rng = np.random.default_rng(1)
        chosen = rng.choice(len(self._paintings), min(count, len(self._paintings)), replace=False)
        return torch.stack([self._statistics(read_image(self._paintings[index])) for index in chosen])

    def _describe(self, image: RgbImage) -> StyleExample:
        scales: list[dict[str, Tensor]] = []
        if self._vgg is not None:
            scales = grams_by_scale(self._vgg, to_tensor(image, self._vgg.mean.device), self._scales, STYLE_LAYERS)
        halved = [{name: gram.half() for name, gram in grams.items()} for grams in scales]
        return StyleExample(self._statistics(image), halved, palette(image))

    def _statistics(self, image: RgbImage) -> Tensor:
        return style_statistics(self._loss_network, to_tensor(image, self._loss_network.mean.device)[None])[0]


@gpu_errors_as_device_errors("--batch")
def train_style_predictor(
    output: Path,
    settings: StylePredictorTrainingSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    start: Path | None = None,
) -> None:
    """Train a style predictor and write it to `output`; if `stop` is set, a snapshot, from which the next call resumes.

    Training starts from the style network or the style predictor in `start`, if given, and from noise otherwise. Raises
    StyleError if an image cannot be read.
    """
    torch_device = select_device(device)
    torch.manual_seed(0)
    objective, dataset = _create_loss_and_dataset(settings, torch_device)
    log = TrainingLog(output)
    first_step = log.snapshot_step
    network = _initial_network(log.snapshot, start, settings, dataset)
    network.to(torch_device)
    network.style_net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = photo_crops(training_images(list_images(settings.photos)), settings.crop, seed=first_step)
    with prefetch(images, torch.from_numpy, workers=1, ahead=8 * settings.batch) as crops:
        steps = train(
            network,
            partial(
                _step_loss,
                network,
                objective,
                dataset,
                crops,
                np.random.default_rng(first_step),
                settings,
                torch_device,
            ),
            Schedule(settings.learning_rate, settings.steps, settings.minutes, first_step),
            log,
            lambda step: style_predictor_metadata(network, step=str(step)),
            observe,
            stop,
        )
    if steps is None:
        return
    save_weights(output, network, style_predictor_metadata(network, **_metadata(settings, steps, start)))
    log.close()


def _step_loss(
    network: StylePredictor,
    objective: StyleLoss | _Imitation,
    dataset: StyleDataset,
    crops: Iterator[Tensor],
    rng: np.random.Generator,
    settings: StylePredictorTrainingSettings,
    device: torch.device,
    step: int,
) -> tuple[Tensor, Tensor]:
    photos = next_batch(crops, settings.batch, device)
    examples = [dataset.sample(rng) for _ in range(max(1, settings.batch // PHOTOS_PER_STYLE))]
    statistics = torch.stack([example.statistics for example in examples])
    with torch.autocast(device.type, torch.bfloat16, enabled=compute_dtype(device) == torch.bfloat16):
        codes = list(network.embed(statistics))
        stylised = network(photos, codes)
        with_identity = step % max(1, IDENTITY_EVERY // settings.batch) == 0
        identity = network(photos[:1], [network.identity_code.tanh()]) if with_identity else None
        if isinstance(objective, _Imitation):
            loss = objective.loss.loss(stylised, objective.target(photos, statistics))
        else:
            perturbed, expected = perturb(photos[:1], stylised[:1])
            stability = objective.stability_loss(expected, network(perturbed, codes[:1]))
    if isinstance(objective, StyleLoss):
        styles = [examples[index * len(examples) // len(photos)] for index in range(len(photos))]
        by_scale = list(zip(*(style.grams for style in styles), strict=True))
        palettes = torch.stack([style.palette for style in styles])
        loss = objective.loss(photos, stylised, by_scale) + stability
        loss = loss + settings.palette_weight * palette_distance(stylised, palettes)
    return loss if identity is None else loss + IDENTITY_WEIGHT * F.mse_loss(identity, photos[:1]), stylised


@dataclass(frozen=True, slots=True)
class _Imitation:
    """Another style predictor as the target, in place of the style loss."""

    teacher: StylePredictor
    loss: TeacherLoss

    @torch.no_grad()
    def target(self, photos: Tensor, statistics: Tensor) -> Tensor:
        stylised: Tensor = self.teacher(photos, list(self.teacher.embed(statistics)))
        return without_grid(stylised.float())


def _create_loss_and_dataset(
    settings: StylePredictorTrainingSettings, device: torch.device
) -> tuple[StyleLoss | _Imitation, StyleDataset]:
    loss_network = load_loss_network().to(device)
    favoured = list_images(settings.favoured) if settings.favoured else []
    paintings = training_images(list_images(settings.paintings))
    if settings.teacher is not None:
        teacher = load_style_predictor(settings.teacher).requires_grad_(False).to(device)
        teacher.style_net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        dataset = StyleDataset(paintings, favoured, None, loss_network)
        return _Imitation(teacher, TeacherLoss(for_training(load_loss_network(), device))), dataset
    vgg = for_training(load_loss_network(settings.loss_network, LossNetwork.vgg16), device)
    style_loss = StyleLoss(
        vgg, settings.style_weight, settings.tv_weight, settings.noise_weight, CONTENT_LAYER, STYLE_LAYERS
    )
    return style_loss, StyleDataset(paintings, favoured, vgg, loss_network, settings.style_scales)


def _initial_network(
    snapshot: Path, start: Path | None, settings: StylePredictorTrainingSettings, dataset: StyleDataset
) -> StylePredictor:
    if snapshot.exists():
        return load_style_predictor(snapshot)
    if start is not None and read_metadata(start).get("kind") == STYLE_PREDICTOR_KIND:
        network = load_style_predictor(start)
        if network.style_net.config != SHAPES[settings.shape]:
            raise StyleError(f"{start} does not have the shape {settings.shape}", "Give the --shape it has.")
        return network
    if settings.teacher is not None:
        teacher = load_style_predictor(settings.teacher)
        network = StylePredictor(SHAPES[settings.shape], len(teacher.mean))
        copy_common_layers(network, teacher)
    else:
        statistics = dataset.statistics(200)
        network = StylePredictor(SHAPES[settings.shape], statistics.shape[1])
        network.mean.copy_(statistics.mean(0))
        network.deviation.copy_(statistics.std(0) + 1e-3 * statistics.mean())
    if start is not None:
        network.style_net.load_state_dict(load_style_net(start).state_dict())
    return network


def _crop(image: RgbImage, index: int, *, favoured: bool) -> RgbImage:
    """Return a random crop of a painting, the same for the same `index`."""
    rng = np.random.default_rng(zlib.crc32(image[:16].tobytes()) + index)
    if favoured:  # nearly the whole image, at the size at which `learn` sees it
        side = min(512, *image.shape[:2])
        return random_crop(resize_short_side(image, side), side * 25 // 32, rng)
    return random_crop(image, 256, rng)


def _metadata(settings: StylePredictorTrainingSettings, steps: int, start: Path | None) -> dict[str, str]:
    names = (
        "steps", "batch", "crop", "photos", "paintings", "loss_network", "learning_rate", "style_scales",
        "style_weight", "shape", "favoured", "teacher",
    )  # fmt: skip
    options = command_options(replace(settings, steps=steps), *names)
    options += ["--start", start.stem] if start else []
    photos, paintings = count_training_images(settings.photos), count_training_images(settings.paintings)
    return training_metadata(
        ["streamstyle", "train", "style-predictor", *options], f"{photos} photos and {paintings} paintings", start
    )
