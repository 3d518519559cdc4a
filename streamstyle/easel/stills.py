"""Single frames of a film, as they are and as they would be painted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from streamstyle.easel.wish import Wish, sized
from streamstyle.errors import FilmError
from streamstyle.film import Film
from streamstyle.media.picture import Picture, resized
from streamstyle.mix import Mix
from streamstyle.nets.device import select_device
from streamstyle.nets.ready import ready_style
from streamstyle.nets.transformer import TransformerNet
from streamstyle.ops.pixels import to_tensor, to_uint8
from streamstyle.ops.trouble import clear_gpu_errors
from streamstyle.painter import painter
from streamstyle.settings import Device, SourceSettings, StyleSettings
from streamstyle.stages.source import decode
from streamstyle.stages.stylise import paint

DRAFT_LINES = 360
"""A draft is painted no higher than that, for speed; its strokes are larger, beside the picture, than they will be."""


@dataclass(frozen=True, slots=True)
class Box:
    """The room there is to show a picture in."""

    width: int
    """In pixels."""
    height: int
    detail: bool = False
    """Show the middle of the picture pixel by pixel instead of all of it."""


class Stills:
    """Shows moments of films, painted or not, and remembers what it has lately decoded, loaded and painted.

    Not for use by two threads at once.
    """

    def __init__(self) -> None:
        self._frame = lru_cache(4)(_decoded)
        self._network = lru_cache(32)(_ready)
        self._painted = lru_cache(64)(self._paint)

    def source(self, film: Film, time: float, wish: Wish, box: Box) -> Picture:
        """Return the frame of a whole film shown at `time`, in seconds, to fit into the box."""
        film = _at(sized(film, wish.settings.source), time)
        return _fitted(self._frame(film), film, box)

    def painted(self, film: Film, time: float, wish: Wish, box: Box, *, draft: bool) -> Picture:
        """Return the same frame painted as the wish says; a draft is quicker, and not quite what will come."""
        size = SourceSettings(height=DRAFT_LINES) if draft and not box.detail else wish.settings.source
        film = _at(sized(film, size), time)
        return self._painted(film, wish.mix, wish.settings.style, wish.settings.device, box)

    @clear_gpu_errors()
    def _paint(self, film: Film, mix: Mix, style: StyleSettings, device: Device, box: Box) -> Picture:
        network = self._network(mix, style.strength, device)
        image = to_tensor(self._frame(film), select_device(device))
        with torch.inference_mode():
            painted: Tensor = paint(image, network, style)
        return _fitted(to_uint8(painted), film, box)


def is_exact(film: Film, wish: Wish, box: Box) -> bool:
    """Return whether a draft is already what will come."""
    return box.detail or sized(film, wish.settings.source).height <= DRAFT_LINES


def _at(film: Film, time: float) -> Film:
    last = film.duration - float(1 / (film.frame_rate or 25)) if film.duration else time
    return replace(film, start_pts=film.start_pts + round(max(0.0, min(time, last)) / float(film.time_base)))


def _decoded(film: Film) -> Picture:
    frame = next(decode(film), None)
    if frame is None:
        raise FilmError(f"{film.path.name} shows no picture at this moment", "Choose another moment.")
    return frame.image


def _ready(mix: Mix, strength: float, device: Device) -> TransformerNet:
    return ready_style(painter(mix, strength), select_device(device))


def _fitted(image: Picture, film: Film, box: Box) -> Picture:
    """Return the picture, or its middle, so that it fits into the box in the shape that the film is shown in."""
    height, width = image.shape[:2]
    if box.detail:
        top, left = max(0, (height - box.height) // 2), max(0, (width - box.width) // 2)
        return np.ascontiguousarray(image[top : top + box.height, left : left + box.width])
    shown = float(width * film.sample_aspect_ratio)
    scale = min(box.width / shown, box.height / height)
    return resized(image, (max(1, round(shown * scale)), max(1, round(height * scale))))
