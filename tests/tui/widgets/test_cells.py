from __future__ import annotations

import re

import numpy as np
import pytest
from rich.console import Console
from rich.style import Style
from textual.strip import Strip

from streamstyle.tui.widgets.cells import ColourDepth, pixel_size, render_rows, to_grey
from streamstyle.tui.widgets.image import fit_cells


@pytest.mark.parametrize(("depth", "system"), [(ColourDepth.true, "truecolor"), (ColourDepth.indexed, "256")])
def test_sequences_equal_the_segments(depth: ColourDepth, system: str) -> None:
    console = Console(color_system=system, force_terminal=True)  # type: ignore[arg-type]
    noise = np.random.default_rng(1).integers(0, 255, (8, 60, 3), np.uint8)
    noise[:, 20:40] = noise[0, 0]
    for row in render_rows(noise, depth, Style()):
        raw, expected = parse_cells(row.render(console)), parse_cells(Strip(row).render(console))
        assert raw == expected
        assert len(raw) == 30
        assert parse_cells(row.crop(5, 25).render(console)) == expected[5:25]
        assert len(row.render(console)) < len(Strip(row).render(console)) + 30


def parse_cells(sequences: str) -> list[tuple[str, str, str]]:
    """Character, foreground and background of every cell; a space has no foreground."""
    cells, fore, back = [], "", ""
    for code, character in re.findall(r"\x1b\[([\d;]*)m|(.)", sequences):
        if character:
            cells.append((character, fore if character != " " else "", back))
        elif code == "0":
            fore = back = ""
        else:
            parts = re.findall(r"(38|48);(5;\d+|2;\d+;\d+;\d+)", code)
            fore, back = dict(parts).get("38", fore), dict(parts).get("48", back)
    return cells


def test_without_colours_bright_pixels_are_dots() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[:4] = 255
    above, below = render_rows(image, ColourDepth.few, Style())
    assert (above.text, below.text) == ("⣿" * 4, "⠀" * 4)
    dark_on_light = render_rows(image, ColourDepth.few, Style(), dark=False)
    assert dark_on_light[0].text == "⠀" * 4


def test_grey_has_no_colour() -> None:
    flag = np.array([[(252, 0, 0)] * 4, [(0, 0, 252)] * 4], np.uint8)
    assert np.ptp(to_grey(flag), axis=2).max() == 0


def test_cell_has_two_by_four_square_pixels() -> None:
    assert pixel_size(80, 22) == (160, 88)
    assert len(render_rows(np.zeros((88, 160, 3), np.uint8), ColourDepth.true, Style())) == 22


@pytest.mark.parametrize(
    ("shape", "room", "cells"),
    [(16 / 9, (80, 40), (80, 22)), (16 / 9, (80, 10), (36, 10)), (9 / 16, (80, 24), (27, 24)), (1, (3, 1), (2, 1))],
)
def test_fit_cells_keeps_the_aspect_ratio(shape: float, room: tuple[int, int], cells: tuple[int, int]) -> None:
    assert fit_cells(shape, *room) == cells
