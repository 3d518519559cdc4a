"""xterm's 256 colours: the nearest one to a colour, and dithering between two of them that keeps the hue."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamstyle.tui.widgets.dithering import dither_thresholds

_CUBE_LEVELS = np.array([0, 95, 135, 175, 215, 255])
"""Levels of red, green and blue in the colour cube."""

_CHANNEL_WEIGHTS = np.sqrt(np.array([0.35, 0.4, 0.25], np.float32))
"""Weights of red, green and blue in the distance between two colours."""

_OVERSHOOTS = (2, 3, 4, 6, 9, 14)
"""Where partners are looked for: so many times as far from the nearest colour as the colour that is wanted."""

_CONTRAST_WEIGHT = 0.05
"""How much the contrast of the pattern counts beside the error of its mean."""

_SIDE = 32
"""Colours are looked up by so many levels a channel."""


class _Mixtures(NamedTuple):
    """For each colour of `_SIDE` levels a channel the two xterm colours that are mixed."""

    nearest: NDArray[np.uint8]
    """[32, 32, 32]"""
    partner: NDArray[np.uint8]
    """[32, 32, 32]"""
    share: NDArray[np.float32]
    """[32, 32, 32]: share of the partner, 0 to 0.5."""


def dither_to_xterm(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return [H, W] numbers of xterm's colours for [H, W, 3] RGB.

    Each colour is mixed, in a fixed pattern, from the nearest one and a partner, so that areas keep their mean colour.
    """
    nearest, partner, share = (table[_levels(pixels)] for table in _mixtures())
    return np.where(share > dither_thresholds(*nearest.shape) + 0.5, partner, nearest)


def nearest_xterm(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return [...] the numbers of the nearest xterm colours to [..., 3] RGB."""
    return _mixtures().nearest[_levels(pixels)]


@cache
def xterm_palette() -> NDArray[np.uint8]:
    """Return [256, 3] RGB of xterm's colours; the first 16, which users choose, are black here and not used."""
    cube = np.stack(np.meshgrid(_CUBE_LEVELS, _CUBE_LEVELS, _CUBE_LEVELS, indexing="ij"), -1).reshape(-1, 3)
    ramp = np.repeat(np.arange(8, 248, 10)[:, None], 3, axis=1)
    return np.concatenate([np.zeros((16, 3)), cube, ramp]).astype(np.uint8)


def _levels(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.intp], ...]:
    """Return the indices of [..., 3] RGB in a table of `_SIDE` levels a channel."""
    levels = (pixels.astype(np.uint16) * (_SIDE - 1) + 127) // 255
    return tuple(levels[..., channel].astype(np.intp) for channel in range(3))


@cache
def _mixtures() -> _Mixtures:
    palette = xterm_palette().astype(np.float32) * _CHANNEL_WEIGHTS
    axis = np.linspace(0, 255, _SIDE, dtype=np.float32)
    wanted = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1) * _CHANNEL_WEIGHTS
    nearest = np.stack([_nearest_of(palette[16:], plane) for plane in wanted]) + np.uint8(16)
    first = palette[nearest]
    partner, share = nearest.copy(), np.zeros(nearest.shape, np.float32)
    least = ((wanted - first) ** 2).sum(-1)
    for factor in _OVERSHOOTS:
        beyond = ((first + factor * (wanted - first)) / _CHANNEL_WEIGHTS).clip(0, 255).astype(np.uint8)
        candidate = nearest[_levels(beyond)]
        step = palette[candidate] - first
        length = (step**2).sum(-1)
        part = (((wanted - first) * step).sum(-1) / np.maximum(length, 1)).clip(0, 0.5)
        cost = ((first + part[..., None] * step - wanted) ** 2).sum(-1) + _CONTRAST_WEIGHT * part * (1 - part) * length
        better = cost < least
        least[better], partner[better], share[better] = cost[better], candidate[better], part[better]
    return _Mixtures(nearest, partner, share)


def _nearest_of(palette: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return [...] the indices of the nearest palette colours to [..., 3]."""
    products = colours.reshape(-1, 3) @ palette.T
    nearest: NDArray[np.intp] = ((palette**2).sum(1) - 2 * products).argmin(1)
    return nearest.reshape(colours.shape[:-1]).astype(np.uint8)
