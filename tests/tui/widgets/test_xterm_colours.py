"""256 colours: areas keep their colour when they are mixed from two."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from streamstyle.tui.widgets.quadrants import Quadrants
from streamstyle.tui.widgets.xterm_colours import dither_to_xterm, nearest_xterm, xterm_palette


def area(*colour: int) -> np.ndarray:
    return np.full((16, 16, 3), colour, np.uint8)


@pytest.mark.parametrize(("colour", "number"), [((252, 0, 0), 196), ((0, 0, 252), 21), ((255, 255, 255), 231)])
def test_colours_of_the_palette_are_not_dithered(colour: tuple[int, int, int], number: int) -> None:
    assert set(dither_to_xterm(area(*colour)).ravel()) == {number}


def test_gradient_has_no_bands() -> None:
    sky = np.repeat(np.linspace(100, 130, 64)[None, :, None], 32, 0).repeat(3, 2).astype(np.uint8)
    numbers = dither_to_xterm(sky)
    assert sum(len(set(column)) > 1 for column in numbers.T) > 40


@pytest.mark.parametrize("colour", [(20, 20, 60), (60, 30, 30), (200, 180, 150), (70, 90, 120), (110, 60, 20)])
def test_area_keeps_its_hue(colour: tuple[int, int, int]) -> None:
    """The nearest colour of the palette to each of these is grey, or up to 30 degrees off."""
    shown = xterm_palette()[dither_to_xterm(area(*colour))].reshape(-1, 3).mean(0)
    assert abs(hue(shown) - hue(colour)) < 12
    assert np.ptp(shown) > 0.5 * np.ptp(colour)


def hue(colour: object) -> float:
    """Degrees."""
    return 360 * colorsys.rgb_to_hsv(*(np.asarray(colour) / 255))[0]


def test_cells_of_an_area_show_the_dithered_pixels() -> None:
    """Two colours a cell are enough for them."""
    quadrants = Quadrants.from_rgb_dithered(area(70, 90, 120))
    used = set(quadrants.foreground.ravel()) | set(quadrants.background.ravel())
    assert used <= set(nearest_xterm(xterm_palette()[dither_to_xterm(area(70, 90, 120))]).ravel())
