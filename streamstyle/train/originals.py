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

from streamstyle.buffered import buffered
from streamstyle.media.picture import Picture
from streamstyle.mix import Ingredient, Mix
from streamstyle.nets.ready import ready_style
from streamstyle.nets.transformer import TransformerNet
from streamstyle.painter import painter
from streamstyle.train.pictures import batch, list_pictures, photo_crops, procedural_crops, to_train_on
from streamstyle.train_settings import UpscalerSettings

STRENGTHS = (1.0, 1.0, 0.7)
"""Strengths that photos are painted with, one as likely as the other."""

FINER = (1.25, 1.5)
"""Times its size at which a photo is painted; made smaller again, edges of strokes are the crisper for it."""


class Originals:
    """Draws pictures from folders of photos and of paintings; they are read ahead until `opened` closes."""

    def __init__(
        self, settings: UpscalerSettings, styles: Sequence[Path], device: torch.device, opened: ExitStack, seed: int
    ) -> None:
        """Raises StyleError where a folder holds no pictures."""
        self._device = device
        self._random = np.random.default_rng(seed)
        self._painters = [
            [ready_style(painter(Mix(path.stem, (Ingredient(path),)), strength), device) for strength in STRENGTHS]
            for path in styles
        ]
        self._scenes, self._plain = (
            opened.enter_context(buffered(crops, torch.from_numpy, workers=1, ahead=2 * settings.batch))
            for crops in (_scenes(settings, seed), _plain(settings, seed + 1))
        )

    def draw(self, count: int) -> Tensor:  # [count, 3, S, S] float32 in [0, 1]
        """Return the next pictures: of three, two are painted by a style network, all in one style."""
        plain = batch(self._plain, count // 3, self._device)
        scenes = batch(self._scenes, count - count // 3, self._device)
        return torch.cat([self._painted(scenes), plain])

    def _painted(self, scenes: Tensor) -> Tensor:
        side = scenes.shape[-1]
        larger = F.interpolate(scenes, [round(side * self._random.choice(FINER))] * 2, mode="bicubic").clamp(0, 1)
        painted = self._painter()(larger)
        return F.interpolate(painted, [side, side], mode="bicubic", antialias=True).clamp(0, 1)

    def _painter(self) -> TransformerNet:
        of_style = self._painters[self._random.integers(len(self._painters))]
        return of_style[self._random.integers(len(of_style))]


def _scenes(settings: UpscalerSettings, seed: int) -> Iterator[Picture]:
    """Yield photos to be painted."""
    return photo_crops(to_train_on(list_pictures(settings.photos)), settings.crop, seed, close=0.1)


def _plain(settings: UpscalerSettings, seed: int) -> Iterator[Picture]:
    """Yield what is as it should be already; invented pictures have the edges of a knife."""
    photos = photo_crops(to_train_on(list_pictures(settings.photos)), settings.crop, seed)
    paintings = photo_crops(to_train_on(list_pictures(settings.paintings)), settings.crop, seed)
    invented = procedural_crops(settings.crop, seed)
    return chain.from_iterable(zip(paintings, invented, photos, invented, strict=False))
