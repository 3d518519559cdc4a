"""Learn a painter's hand from key frames: some frames of a film and the paintings of them (after Texler et al. 2020).

Training starts from a network that knows a similar style. In each step a part of a key frame, zoomed, shifted, noisy,
compressed or in another light, is to become the same part of its painting, by pixel and as VGG-16 sees it. So that the
hand stays the same where the film shows what no key frame does, a part of another frame is to get the Gram matrices of
the painting that is nearest in time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.events import Event, Observer, StyleTrained, TrainingStep, TrainingStopped
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import RgbImage, encode_thumbnail
from streamstyle.models.metadata import STYLE_IMAGE, THUMBNAIL, LossNetwork
from streamstyle.models.style_net import StyleNet
from streamstyle.models.vgg import STYLE_LAYERS, VggFeatures
from streamstyle.models.weights import Image, load_loss_network, load_style_net, save_weights, style_metadata
from streamstyle.ops.image import to_tensor
from streamstyle.optimise.losses import Grams, content_error, gram_matrix, style_error, style_grams
from streamstyle.settings import Device
from streamstyle.styles.blending import load_blend
from streamstyle.styles.painted_frames import PaintedFrame, pack_painted_frames
from streamstyle.styles.spec import StyleBlend
from streamstyle.styles.style_image import encode_style_image
from streamstyle.train.augment import perturb
from streamstyle.train.image_data import crop_at_size
from streamstyle.train.loop import Schedule, TrainingLog, train

LEARNING_RATE = 2e-3

PIXEL_WEIGHT = 4.0
"""Of the mean absolute difference from the painting, in [0, 1]."""

ACTIVATION_WEIGHT = 1.0
"""Of the relative squared error of activations, against those of the painting."""

PATCH_STYLE_WEIGHT = 2.0
"""Of the relative squared error of Gram matrices, against those of the same patch of the painting."""

FILM_STYLE_WEIGHT = 1.0
"""Of the same of another frame, against those of the whole painting."""

ACTIVATION_LAYERS = ("relu2_1", "relu3_1", "relu4_1")

MAX_ZOOM = 1.25
"""Factor by which a frame and its painting are enlarged or reduced at most. Strokes are, too."""

MAX_PIXELS = 1 << 16
"""Of the part of a key frame that the network gets in a step. Its norms are those of the part, so a large one is
better; frames of 320x180 are taken whole."""

PATCH_SIDE = 128
"""Side in pixels of the patches that the loss network sees of a painting."""

CROP_SIDE = 128
"""Side in pixels of the parts of other frames."""


@dataclass(frozen=True, slots=True)
class KeyframeTraining:
    """What is learned from, and how long."""

    painted: Sequence[PaintedFrame]
    unpainted: Sequence[Sequence[RgbImage]]
    """For each of these, frames of the film that are to be painted likewise."""
    start: StyleBlend
    """The style that training starts from."""
    seconds: float
    facts: dict[str, str]
    """Metadata of the weights file."""


@gpu_errors_as_device_errors()
def learn_keyframes(
    training: KeyframeTraining, output: Path, device: Device, observe: Observer, stop: threading.Event
) -> bool:
    """Train a network to paint the film as the key frames are painted, and write it to `output`.

    Returns False if `stop` was set: then only a snapshot is written, from which the next call resumes. Raises
    StyleError if the style to start from cannot be loaded.
    """
    log, on_device = TrainingLog(output), select_device(device)
    first_step, last_step = log.snapshot_step, TrainingStep(0, 0, 0.0, 0.0)
    torch.manual_seed(first_step)
    network = load_style_net(log.snapshot) if log.snapshot.exists() else load_blend(training.start, 1.0)
    network.to(on_device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def record_step(event: Event) -> None:
        nonlocal last_step
        last_step = event if isinstance(event, TrainingStep) else last_step
        observe(event)

    steps = train(
        network,
        KeyframeStep(network, training, on_device, first_step),
        Schedule(LEARNING_RATE, 0, training.seconds / 60, first_step),
        log,
        lambda step: style_metadata(network, step=str(step)),
        record_step,
        stop,
    )
    name = training.start.name
    if steps is None:
        observe(TrainingStopped(name, last_step.step))
        return False
    painting = training.painted[0].painting
    kept, times = pack_painted_frames(training.painted)
    images: dict[str, Image] = {
        THUMBNAIL: encode_thumbnail(painting),
        STYLE_IMAGE: encode_style_image(painting),
        **kept,
    }
    save_weights(output, network, style_metadata(network, name=name, **training.facts, **times), images=images)
    log.close()
    observe(StyleTrained(name, name, str(output), last_step.elapsed))
    return True


class KeyframeStep:
    """Computes the loss of a training step."""

    def __init__(self, network: StyleNet, training: KeyframeTraining, device: torch.device, seed: int) -> None:
        self._network, self._device = network, device
        self._rng = np.random.default_rng(seed)
        self._unpainted = training.unpainted
        loss_network = load_loss_network(None, LossNetwork.vgg16).to(device)
        self._pairs = [
            (to_tensor(each.image, device)[None], to_tensor(each.painting, device)[None]) for each in training.painted
        ]
        self._grams = [tiled_grams(loss_network, painting[0]) for _, painting in self._pairs]
        loss_network.to(dtype=compute_dtype(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._loss_network = loss_network

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:  # scalar, [1, 3, h, w]
        """Return the loss of the next step, and the painted part of a key frame."""
        index = step % len(self._pairs)
        image, painting = perturb(*self._random_part(*self._pairs[index]))
        is_bfloat16 = compute_dtype(self._device) == torch.bfloat16
        with torch.autocast(self._device.type, torch.bfloat16, enabled=is_bfloat16):
            painted = self._network(image)
            unpainted = self._network(self._random_crop(index))
        loss = self._pair_loss(painted, painting) + FILM_STYLE_WEIGHT * self._style_loss(unpainted, self._grams[index])
        return loss, painted

    def _random_part(self, image: Tensor, painting: Tensor) -> tuple[Tensor, Tensor]:  # all [1, 3, h, w]
        """Return the same part of a key frame and of its painting, both zoomed by the same factor."""
        height, width = image.shape[-2:]
        zoom = float(self._rng.uniform(1 / MAX_ZOOM, MAX_ZOOM))
        share = min(1.0, (MAX_PIXELS / (height * width)) ** 0.5) / zoom
        size = (min(height, round(share * height)), min(width, round(share * width)))
        zoomed = (round(zoom * size[0]), round(zoom * size[1]))
        both = self._cut(torch.cat((image, painting)), size)
        both = F.interpolate(both, zoomed, mode="bicubic", antialias=True).clamp(0, 1)
        return both[:1], both[1:]

    def _random_crop(self, index: int) -> Tensor:  # [1, 3, h, w]
        """Return a part of a frame that is to be painted like a key frame."""
        images = self._unpainted[index]
        image = images[int(self._rng.integers(len(images)))]
        zoom = float(self._rng.uniform(1 / MAX_ZOOM, MAX_ZOOM))
        short_side = max(CROP_SIDE, round(zoom * min(image.shape[:2])))
        return to_tensor(crop_at_size(image, short_side, CROP_SIDE, self._rng), self._device)[None]

    def _cut(self, images: Tensor, size: tuple[int, int]) -> Tensor:
        """Return a random part of the images, the same of each."""
        top, left = (
            int(self._rng.integers(0, side - part + 1)) for side, part in zip(images.shape[-2:], size, strict=True)
        )
        return images[..., top : top + size[0], left : left + size[1]]

    def _pair_loss(self, painted: Tensor, painting: Tensor) -> Tensor:
        """Return the difference between what the network makes of a part of a key frame, and the painting of it."""
        pixels = F.l1_loss(painted, painting)
        both = torch.cat((painted, painting))
        height, width = both.shape[-2:]
        both = self._cut(both, (min(height, PATCH_SIDE), min(width, PATCH_SIDE)))
        with torch.no_grad():
            target = self._loss_network(both[1:], STYLE_LAYERS)
        made = self._loss_network(both[:1], STYLE_LAYERS)
        activations = torch.stack([content_error(made[name], target[name]) for name in ACTIVATION_LAYERS]).mean()
        grams = {name: gram_matrix(target[name])[0] for name in STYLE_LAYERS}
        style = style_error(made, [grams])
        return PIXEL_WEIGHT * pixels + ACTIVATION_WEIGHT * activations + PATCH_STYLE_WEIGHT * style

    def _style_loss(self, stylised: Tensor, grams: Grams) -> Tensor:
        return style_error(self._loss_network(stylised, STYLE_LAYERS), [grams])


def tiled_grams(
    network: VggFeatures,
    image: Tensor,  # [3, H, W] float in [0, 1]
) -> Grams:
    """Return the Gram matrices of an image, as the mean of those of tiles about as large as the crops.

    So they are as much of the border, which VGG-16 pads with zeros, as those that are compared with them.
    """
    rows, columns = (max(1, side // CROP_SIDE) for side in image.shape[-2:])
    tiles = [tile for row in image.tensor_split(rows, 1) for tile in row.tensor_split(columns, 2)]
    grams = [style_grams(network, tile) for tile in tiles]
    return {name: torch.stack([each[name] for each in grams]).mean(0) for name in STYLE_LAYERS}
