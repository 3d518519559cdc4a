"""Train the network for any style on a folder of photos and a folder of paintings (Ghiasi et al. 2017)."""

from __future__ import annotations

import shlex
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.events import Observer
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage, read_image, resize_short_side
from streamstyle.models.metadata import read_metadata, training_commands
from streamstyle.models.style_net import FAST
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
from streamstyle.optimise.losses import Grams, style_grams
from streamstyle.prefetch import prefetch
from streamstyle.settings import Device
from streamstyle.train.augment import add_noise_or_compress
from streamstyle.train.image_data import (
    list_images,
    next_batch,
    photo_crops,
    random_crop,
    training_images,
)
from streamstyle.train.loop import Schedule, TrainingLog, train
from streamstyle.train.loss import StyleLoss
from streamstyle.train.settings import StylePredictorTrainingSettings

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
CONTENT_LAYER = "relu4_1"
"""What is above relu4_1 would cost a third more and shows little in so small a crop."""

PREFERRED_SHARE = 0.35
"""Share of the pictures that are painted in one of the favoured styles, those that will get networks of their own."""

IDENTITY_EVERY = 16
"""One picture in so many is to come out as it went in: what `--strength` goes back to."""

IDENTITY_WEIGHT = 100.0
"""Weight of its mean squared difference."""

CROPS_PER_PAINTING = 2
"""Cut-outs of each painting that are used."""


@dataclass(frozen=True, slots=True)
class _StyleExample:
    """A style to paint in: how the loss network that ships describes it, and what VGG sees in it."""

    statistics: Tensor
    grams: Grams


class StyleDataset:
    """The paintings, looked at when they are first asked for, and remembered."""

    def __init__(
        self, paintings: Sequence[Path], favoured: Sequence[Path], vgg: VggFeatures, slim: VggFeatures
    ) -> None:
        self._paintings, self._favoured = paintings, favoured
        self._vgg, self._slim = vgg, slim
        self._seen: dict[tuple[Path, int], _StyleExample] = {}

    def sample(self, random: np.random.Generator) -> _StyleExample:
        """Return a style at random."""
        favoured = bool(self._favoured) and random.random() < PREFERRED_SHARE
        paths = self._favoured if favoured else self._paintings
        path, look = (
            paths[int(random.integers(len(paths)))],
            int(random.integers(8 if favoured else CROPS_PER_PAINTING)),
        )
        if (path, look) not in self._seen:
            self._seen[path, look] = self._describe(_crop(read_image(path), look, favoured=favoured))
        return self._seen[path, look]

    def statistics(self, count: int) -> Tensor:
        """Return the statistics of that many of the paintings, one a row."""
        random = np.random.default_rng(1)
        chosen = random.choice(len(self._paintings), min(count, len(self._paintings)), replace=False)
        return torch.stack([self._statistics(read_image(self._paintings[index])) for index in chosen])

    def _describe(self, picture: RgbImage) -> _StyleExample:
        grams = style_grams(self._vgg, to_tensor(picture, self._vgg.mean.device), STYLE_LAYERS)
        return _StyleExample(self._statistics(picture), {name: gram.half() for name, gram in grams.items()})

    def _statistics(self, picture: RgbImage) -> Tensor:
        return style_statistics(self._slim, to_tensor(picture, self._slim.mean.device)[None])[0]


@gpu_errors_as_device_errors("--batch")
def train_style_predictor(
    output: Path,
    settings: StylePredictorTrainingSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    start: Path | None = None,
) -> None:
    """Write a network for any style to `output`; stopped early, a snapshot from which the next call goes on.

    Training starts from the style network or the network for any style in `start`, if given, rather than from noise.
    """
    where = select_device(device)
    torch.manual_seed(0)
    goal, gallery = _prepare(settings, where)
    journal = TrainingLog(output)
    network, first = _initial_network(journal.snapshot, start, gallery)
    network.to(where)
    network.style_net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    crops = photo_crops(training_images(list_images(settings.photos)), settings.crop, seed=first)
    with prefetch(crops, torch.from_numpy, workers=1, ahead=8 * settings.batch) as pictures:
        steps = train(
            network,
            partial(_step_loss, network, goal, gallery, pictures, np.random.default_rng(first), settings.batch, where),
            Schedule(settings.learning_rate, settings.steps, settings.minutes, first),
            journal,
            lambda step: style_predictor_metadata(network, step=str(step)),
            observe,
            stop,
        )
    if steps is None:
        return
    save_weights(output, network, style_predictor_metadata(network, **_metadata(settings, steps, start)))
    journal.close()


def _step_loss(
    network: StylePredictor,
    goal: StyleLoss,
    gallery: StyleDataset,
    pictures: Iterator[Tensor],
    random: np.random.Generator,
    count: int,
    device: torch.device,
    step: int,
) -> tuple[Tensor, Tensor]:
    photos = next_batch(pictures, count, device)
    examples = [gallery.sample(random) for _ in photos]
    with torch.autocast(device.type, torch.bfloat16, enabled=compute_dtype(device) == torch.bfloat16):
        codes = list(network.embed(torch.stack([example.statistics for example in examples])))
        again = network(add_noise_or_compress(photos[:1]), codes[:1])
        painted = network(photos, codes)
        asked_back = step % (IDENTITY_EVERY // count) == 0
        given_back = network(photos[:1], [network.identity_code.tanh()]) if asked_back else None
    loss = goal.loss(photos, painted, [example.grams for example in examples])
    loss = loss + goal.noise_loss(painted[:1], again)
    return loss if given_back is None else loss + IDENTITY_WEIGHT * F.mse_loss(given_back, photos[:1]), painted


def _prepare(settings: StylePredictorTrainingSettings, device: torch.device) -> tuple[StyleLoss, StyleDataset]:
    vgg, slim = load_loss_network(settings.loss_network).to(device), load_loss_network().to(device)
    vgg.to(dtype=compute_dtype(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    goal = StyleLoss(vgg, settings.style_weight, settings.tv_weight, settings.noise_weight, CONTENT_LAYER, STYLE_LAYERS)
    favoured = list_images(settings.favoured) if settings.favoured else []
    return goal, StyleDataset(training_images(list_images(settings.paintings)), favoured, vgg, slim)


def _initial_network(snapshot: Path, start: Path | None, gallery: StyleDataset) -> tuple[StylePredictor, int]:
    if snapshot.exists():
        return load_style_predictor(snapshot), int(read_metadata(snapshot)["step"])
    if start is not None and read_metadata(start).get("kind") == STYLE_PREDICTOR_KIND:
        return load_style_predictor(start), 0
    statistics = gallery.statistics(200)
    network = StylePredictor(FAST, statistics.shape[1])
    network.mean.copy_(statistics.mean(0))
    network.deviation.copy_(statistics.std(0) + 1e-3 * statistics.mean())
    if start is not None:
        network.style_net.load_state_dict(load_style_net(start).state_dict())
    return network, 0


def _crop(picture: RgbImage, look: int, *, favoured: bool) -> RgbImage:
    """Return a part of a painting, always the same for the same look."""
    random = np.random.default_rng(zlib.crc32(picture[:16].tobytes()) + look)
    if favoured:  # large scans: seen whole they are, at this size, as `learn` sees them
        return random_crop(resize_short_side(picture, 512), 400, random)
    return random_crop(picture, 256, random)


def _metadata(settings: StylePredictorTrainingSettings, steps: int, start: Path | None) -> dict[str, str]:
    command = ["streamstyle", "train", "style-predictor", "--steps", str(steps), "--batch", str(settings.batch)]
    command += ["--crop", str(settings.crop), "--photos", settings.photos.name, "--paintings", settings.paintings.name]
    command += ["--loss-network", settings.loss_network.name, "--learning-rate", str(settings.learning_rate)]
    command += ["--style-weight", str(settings.style_weight)]
    command += ["--favoured", settings.favoured.name] if settings.favoured else []
    command += ["--start", start.stem] if start else []
    photos, paintings = (len(training_images(list_images(folder))) for folder in (settings.photos, settings.paintings))
    return {
        "trained_on": f"{photos} photos and {paintings} paintings",
        "command": shlex.join(command),
        "date": date.today().isoformat(),
        **({"previous_training": training_commands(read_metadata(start))} if start else {}),
    }
