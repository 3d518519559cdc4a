"""How many colours a terminal has, and how a picture does with as many."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from streamstyle.ops.luma import BT601

if TYPE_CHECKING:
    from textual.app import App

Pixels = NDArray[np.uint8]
"""[H, W, 3] RGB."""

_CUBE_LEVELS = np.array([0, 95, 135, 175, 215, 255])
"""Of red, green and blue each, in the cube of xterm's 256 colours."""

_CHANNEL_WEIGHTS = np.sqrt(np.array([0.35, 0.4, 0.25]))

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.47


class ColourDepth(StrEnum):
    """What a terminal can show."""

    true = "true"
    indexed = "indexed"
    """xterm's 256 colours: what SSH and tmux leave of a terminal that can do more, when nobody tells them."""
    few = "few"
    """Sixteen or none: pictures are dots in the colour of text."""


def colour_depth(app: App[object]) -> ColourDepth:
    """Return what the terminal that the app runs in can show."""
    return {"truecolor": ColourDepth.true, "256": ColourDepth.indexed}.get(
        app.console.color_system or "", ColourDepth.few
    )


def to_grey(pixels: Pixels) -> Pixels:
    """Return the picture without its colours."""
    luma = pixels @ np.array(BT601, np.float32)
    return np.repeat(luma.astype(np.uint8)[..., None], 3, axis=2)


def to_xterm_colours(pixels: Pixels) -> NDArray[np.uint8]:
    """Return [H, W] numbers of xterm colours, dithered a little, so that a sky has no bands."""
    height, width = pixels.shape[:2]
    dithered = (pixels + 24 * dither_thresholds(height, width)[..., None]).clip(0, 255)
    red, green, blue = np.moveaxis(dithered.astype(np.uint8) >> 3, 2, 0)
    numbers: NDArray[np.uint8] = _nearest_xterm_colour()[red, green, blue]
    return numbers


@cache
def _nearest_xterm_colour() -> NDArray[np.uint8]:
    """Return [32, 32, 32] the xterm colour nearest to each colour of five bits a channel, green weighing most."""
    cube = np.stack(np.meshgrid(_CUBE_LEVELS, _CUBE_LEVELS, _CUBE_LEVELS, indexing="ij"), -1).reshape(-1, 3)
    ramp = np.repeat(np.arange(8, 248, 10)[:, None], 3, axis=1)
    palette = np.concatenate([cube, ramp]) * _CHANNEL_WEIGHTS
    side = np.arange(32, dtype=np.float32) * 8 + 4
    green, blue = np.meshgrid(side, side, indexing="ij")
    planes = [
        np.stack([np.full_like(green, red), green, blue], -1).reshape(-1, 1, 3) * _CHANNEL_WEIGHTS for red in side
    ]
    nearest = [((plane - palette) ** 2).sum(axis=2).argmin(axis=1) + 16 for plane in planes]
    return np.array(nearest, np.uint8).reshape(32, 32, 32)


def dither_thresholds(height: int, width: int) -> NDArray[np.float64]:
    """Return [H, W] numbers between about -0.5 and 0.5, spread so that rounding with them shows what is in between."""
    return np.tile(_BAYER, (-(-height // 4), -(-width // 4)))[:height, :width]


def dither_to_bits(pixels: Pixels) -> NDArray[np.bool_]:
    """Return [H, W] which dots are lit where all that a terminal has is lit and unlit."""
    height, width = pixels.shape[:2]
    luma = to_grey(pixels)[..., 0].astype(np.float32)
    darkest, brightest = np.percentile(luma, (2, 98))
    dots: NDArray[np.bool_] = (luma - darkest) / max(16.0, brightest - darkest) > 0.5 + dither_thresholds(height, width)
    return dots
