from __future__ import annotations

import re

import numpy as np
import pytest
from rich.color import Color
from rich.console import Console
from rich.style import Style
from textual.strip import Strip

from streamstyle.tui.widgets.cells import ColourDepth, pixel_size, render_rows, to_grey, to_xterm_colours
from streamstyle.tui.widgets.image import fit_cells

RED, BLUE = (252, 0, 0), (0, 0, 252)


def flag() -> np.ndarray:
    """Red above blue, four pixels square."""
    return np.array([[RED] * 4] * 2 + [[BLUE] * 4] * 2, np.uint8)


def test_cell_shows_two_pixels() -> None:
    image = np.array([[RED] * 3, [BLUE] * 3], np.uint8)
    (row,) = render_rows(image, ColourDepth.true, Style())
    assert row.text == "▀▀▀"
    for segment in row:
        assert segment.style is not None
        assert segment.style.color == Color.from_rgb(*RED)
        assert segment.style.bgcolor == Color.from_rgb(*BLUE)


@pytest.mark.parametrize(("depth", "system"), [(ColourDepth.true, "truecolor"), (ColourDepth.indexed, "256")])
def test_sequences_equal_the_segments(depth: ColourDepth, system: str) -> None:
    console = Console(color_system=system, force_terminal=True)  # type: ignore[arg-type]
    noise = np.random.default_rng(1).integers(0, 255, (6, 30, 3), np.uint8)
    noise[:, 10:20] = noise[0, 0]
    for row in render_rows(noise, depth, Style()):
        raw, expected = parse_cells(row.render(console)), parse_cells(Strip(row).render(console))
        assert raw == expected
        assert len(raw) == 30
        assert parse_cells(row.crop(5, 25).render(console)) == expected[5:25]
        assert len(row.render(console)) < len(Strip(row).render(console))


def parse_cells(sequences: str) -> list[tuple[str, str, str]]:
    """Character, foreground and background of every cell."""
    cells, fore, back = [], "", ""
    for code, character in re.findall(r"\x1b\[([\d;]*)m|(.)", sequences):
        if character:
            cells.append((character, fore, back))
        elif code == "0":
            fore = back = ""
        else:
            parts = re.findall(r"(38|48);(5;\d+|2;\d+;\d+;\d+)", code)
            fore, back = dict(parts).get("38", fore), dict(parts).get("48", back)
    return cells


def test_256_colours_keep_red_and_blue() -> None:
    numbers = to_xterm_colours(np.repeat(np.repeat(flag(), 8, 0), 8, 1))
    assert set(numbers[:16].ravel()) == {196}
    assert set(numbers[16:].ravel()) == {21}


def test_256_colours_dither_a_gradient() -> None:
    sky = np.repeat(np.linspace(100, 130, 64)[None, :, None], 32, 0).repeat(3, 2).astype(np.uint8)
    numbers = to_xterm_colours(sky)
    assert all(len(set(column)) > 1 for column in numbers.T[8:-8:8])


def test_without_colours_bright_pixels_are_dots() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[:4] = 255
    above, below = render_rows(image, ColourDepth.few, Style())
    assert (above.text, below.text) == ("⣿" * 4, "⠀" * 4)
    dark_on_light = render_rows(image, ColourDepth.few, Style(), dark=False)
    assert dark_on_light[0].text == "⠀" * 4


def test_grey_has_no_colour() -> None:
    assert np.ptp(to_grey(flag()), axis=2).max() == 0


@pytest.mark.parametrize(("depth", "pixels"), [(ColourDepth.true, (80, 44)), (ColourDepth.few, (160, 88))])
def test_pixel_size_of_a_cell_grid(depth: ColourDepth, pixels: tuple[int, int]) -> None:
    assert pixel_size(80, 22, depth) == pixels


@pytest.mark.parametrize(
    ("shape", "room", "cells"),
    [(16 / 9, (80, 40), (80, 22)), (16 / 9, (80, 10), (36, 10)), (9 / 16, (80, 24), (27, 24)), (1, (3, 1), (2, 1))],
)
def test_fit_cells_keeps_the_aspect_ratio(shape: float, room: tuple[int, int], cells: tuple[int, int]) -> None:
    assert fit_cells(shape, *room) == cells
