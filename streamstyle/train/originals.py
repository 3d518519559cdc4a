"""What an enlarged picture is to look like: paintings of photos mostly, and pictures as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from streamstyle.buffered import prefetch
from streamstyle.media.picture import RgbImage
from streamstyle.mix import BlendPart, StyleBlend
from streamstyle.nets.ready import prepare_style_net
from streamstyle.nets.transformer import StyleNet
from streamstyle.painter import load_blend
from streamstyle.train.pictures import next_batch, list_images, photo_crops, procedural_crops, training_images
from streamstyle.train_settings import UpscalerTrainingSettings

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

    def draw(self, count: int) -> Tensor:  # [count, 3, S, S] float32 in [0, 1]
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
