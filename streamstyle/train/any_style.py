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

from streamstyle.buffered import buffered
from streamstyle.events import Observer
from streamstyle.media.picture import Picture, read_picture, resize_short_side
from streamstyle.nets.any_style import AnyStyleNet, style_statistics
from streamstyle.nets.device import fast_dtype, select_device
from streamstyle.nets.loss_network import LossNetwork
from streamstyle.nets.metadata import made_by, read_metadata
from streamstyle.nets.relative import Grams, grams_of
from streamstyle.nets.transformer import FAST
from streamstyle.nets.weights import (
    ANY_STYLE_KIND,
    any_style_metadata,
    load_any_style,
    load_loss_network,
    load_style,
    save_weights,
)
from streamstyle.ops.pixels import to_tensor
from streamstyle.ops.trouble import clear_gpu_errors
from streamstyle.settings import Device
from streamstyle.train.disturbance import disturbed
from streamstyle.train.goal import Goal
from streamstyle.train.journal import Journal
from streamstyle.train.loop import Course, train
from streamstyle.train.pictures import (
    batch,
    list_pictures,
    photo_crops,
    random_crop,
    to_train_on,
)
from streamstyle.train_settings import AnyStyleSettings

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
CONTENT = "relu4_1"
"""What is above relu4_1 would cost a third more and shows little in so small a crop."""

FAVOURED = 0.35
"""Share of the pictures that are painted in one of the favoured styles, those that will get networks of their own."""

ORIGINALS = 16
"""One picture in so many is to come out as it went in: what `--strength` goes back to."""

ORIGINAL_WEIGHT = 100.0
"""Weight of its mean squared difference."""

LOOKS = 2
"""Cut-outs of each painting that are used."""


@dataclass(frozen=True, slots=True)
class _Example:
    """A style to paint in: how the loss network that ships describes it, and what VGG sees in it."""

    statistics: Tensor
    grams: Grams


class _Gallery:
    """The paintings, looked at when they are first asked for, and remembered."""

    def __init__(
        self, paintings: Sequence[Path], favoured: Sequence[Path], vgg: LossNetwork, slim: LossNetwork
    ) -> None:
        self._paintings, self._favoured = paintings, favoured
        self._vgg, self._slim = vgg, slim
        self._seen: dict[tuple[Path, int], _Example] = {}

    def draw(self, random: np.random.Generator) -> _Example:
        """Return a style at random."""
        favoured = bool(self._favoured) and random.random() < FAVOURED
        paths = self._favoured if favoured else self._paintings
        path, look = paths[int(random.integers(len(paths)))], int(random.integers(8 if favoured else LOOKS))
        if (path, look) not in self._seen:
            self._seen[path, look] = self._look(_cut(read_picture(path), look, favoured=favoured))
        return self._seen[path, look]

    def statistics(self, count: int) -> Tensor:
        """Return the statistics of that many of the paintings, one a row."""
        random = np.random.default_rng(1)
        chosen = random.choice(len(self._paintings), min(count, len(self._paintings)), replace=False)
        return torch.stack([self._statistics(read_picture(self._paintings[index])) for index in chosen])

    def _look(self, picture: Picture) -> _Example:
        grams = grams_of(self._vgg, to_tensor(picture, self._vgg.mean.device), STYLE_LAYERS)
        return _Example(self._statistics(picture), {name: gram.half() for name, gram in grams.items()})

    def _statistics(self, picture: Picture) -> Tensor:
        return style_statistics(self._slim, to_tensor(picture, self._slim.mean.device)[None])[0]


@clear_gpu_errors("--batch")
def train_any_style(
    output: Path,
    settings: AnyStyleSettings,
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
    journal = Journal(output)
    network, first = _begin(journal.snapshot, start, gallery)
    network.to(where)
    network.style_net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    crops = photo_crops(to_train_on(list_pictures(settings.photos)), settings.crop, seed=first)
    with buffered(crops, torch.from_numpy, workers=1, ahead=8 * settings.batch) as pictures:
        steps = train(
            network,
            partial(_objective, network, goal, gallery, pictures, np.random.default_rng(first), settings.batch, where),
            Course(settings.learning_rate, settings.steps, settings.minutes, first),
            journal,
            lambda step: any_style_metadata(network, step=str(step)),
            observe,
            stop,
        )
    if steps is None:
        return
    save_weights(output, network, any_style_metadata(network, **_facts(settings, steps, start)))
    journal.close()


def _objective(
    network: AnyStyleNet,
    goal: Goal,
    gallery: _Gallery,
    pictures: Iterator[Tensor],
    random: np.random.Generator,
    count: int,
    device: torch.device,
    step: int,
) -> tuple[Tensor, Tensor]:
    photos = batch(pictures, count, device)
    examples = [gallery.draw(random) for _ in photos]
    with torch.autocast(device.type, torch.bfloat16, enabled=fast_dtype(device) == torch.bfloat16):
        codes = list(network.code(torch.stack([example.statistics for example in examples])))
        again = network(disturbed(photos[:1]), codes[:1])
        painted = network(photos, codes)
        asked_back = step % (ORIGINALS // count) == 0
        given_back = network(photos[:1], [network.identity_code.tanh()]) if asked_back else None
    loss = goal.loss(photos, painted, [example.grams for example in examples])
    loss = loss + goal.unsteadiness(painted[:1], again)
    return loss if given_back is None else loss + ORIGINAL_WEIGHT * F.mse_loss(given_back, photos[:1]), painted


def _prepare(settings: AnyStyleSettings, device: torch.device) -> tuple[Goal, _Gallery]:
    vgg, slim = load_loss_network(settings.loss_network).to(device), load_loss_network().to(device)
    vgg.to(dtype=fast_dtype(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    goal = Goal(vgg, settings.style_weight, settings.tv_weight, settings.steady_weight, CONTENT, STYLE_LAYERS)
    favoured = list_pictures(settings.favoured) if settings.favoured else []
    return goal, _Gallery(to_train_on(list_pictures(settings.paintings)), favoured, vgg, slim)


def _begin(snapshot: Path, start: Path | None, gallery: _Gallery) -> tuple[AnyStyleNet, int]:
    if snapshot.exists():
        return load_any_style(snapshot), int(read_metadata(snapshot)["step"])
    if start is not None and read_metadata(start).get("kind") == ANY_STYLE_KIND:
        return load_any_style(start), 0
    statistics = gallery.statistics(200)
    network = AnyStyleNet(FAST, statistics.shape[1])
    network.mean.copy_(statistics.mean(0))
    network.deviation.copy_(statistics.std(0) + 1e-3 * statistics.mean())
    if start is not None:
        network.style_net.load_state_dict(load_style(start).state_dict())
    return network, 0


def _cut(picture: Picture, look: int, *, favoured: bool) -> Picture:
    """Return a part of a painting, always the same for the same look."""
    random = np.random.default_rng(zlib.crc32(picture[:16].tobytes()) + look)
    if favoured:  # large scans: seen whole they are, at this size, as `learn` sees them
        return random_crop(resize_short_side(picture, 512), 400, random)
    return random_crop(picture, 256, random)


def _facts(settings: AnyStyleSettings, steps: int, start: Path | None) -> dict[str, str]:
    command = ["streamstyle", "train", "any-style", "--steps", str(steps), "--batch", str(settings.batch)]
    command += ["--crop", str(settings.crop), "--photos", settings.photos.name, "--paintings", settings.paintings.name]
    command += ["--loss-network", settings.loss_network.name, "--learning-rate", str(settings.learning_rate)]
    command += ["--style-weight", str(settings.style_weight)]
    command += ["--favoured", settings.favoured.name] if settings.favoured else []
    command += ["--start", start.stem] if start else []
    photos, paintings = (len(to_train_on(list_pictures(folder))) for folder in (settings.photos, settings.paintings))
    return {
        "trained_on": f"{photos} photos and {paintings} paintings",
        "command": shlex.join(command),
        "date": date.today().isoformat(),
        **({"previous_training": made_by(read_metadata(start))} if start else {}),
    }
