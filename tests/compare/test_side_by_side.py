"""Pictures in labelled cells."""

from __future__ import annotations

import numpy as np
import pytest

from streamstyle.compare.charts import METHOD_COLOURS, SOURCE_COLOUR, film_colour
from streamstyle.compare.side_by_side import (
    BACKGROUND,
    GAP,
    MAX_HEIGHT,
    MAX_WIDTH,
    TEXT_COLOUR,
    Label,
    compose,
    draw_background,
    fit_grid,
    grid_shape,
    render_text,
)


@pytest.mark.parametrize(
    ("count", "shape"), [(2, (2, 1)), (3, (2, 2)), (4, (2, 2)), (5, (3, 2)), (6, (3, 2)), (7, (3, 3)), (9, (3, 3))]
)
def test_cells_of_a_wide_film_fill_a_screen(count: int, shape: tuple[int, int]) -> None:
    assert grid_shape(count, 16 / 9) == shape


def test_films_that_stand_upright_stand_beside_each_other() -> None:
    assert grid_shape(3, 9 / 16) == (3, 1)
    assert grid_shape(4, 9 / 16) == (4, 1)


@pytest.mark.parametrize("size", [(96, 64), (1280, 720), (3840, 2160), (720, 1280)])
@pytest.mark.parametrize("count", [2, 5, 9])
def test_the_whole_is_even_no_larger_than_a_large_screen_and_holds_every_cell(
    size: tuple[int, int], count: int
) -> None:
    grid = fit_grid(count, *size)
    width, height = grid.size
    assert width % 2 == height % 2 == 0
    assert width <= MAX_WIDTH
    assert height <= MAX_HEIGHT
    assert grid.width / grid.height == pytest.approx(size[0] / size[1], rel=0.02)
    x, y = grid.position(count - 1)
    assert x + grid.width + GAP <= width
    assert y + grid.height + grid.caption_height + GAP <= height


def test_each_picture_lies_above_its_own_label() -> None:
    grid = fit_grid(3, 96, 64)
    labels = [Label(f"film {cell}", "flicker 1.00", film_colour(cell)) for cell in range(3)]
    pictures = [np.full((64, 96, 3), 60 * cell + 40, np.uint8) for cell in range(3)]
    whole = compose(grid, draw_background(grid, labels), pictures)
    for cell in range(3):
        x, y = grid.position(cell)
        assert (whole[y : y + 64, x : x + 96] == 60 * cell + 40).all()
        band = whole[y + 64 : y + 64 + grid.caption_height, x : x + 96]
        assert (band == film_colour(cell)).all(-1).any(), "its colour"
        assert (np.abs(band.astype(int) - TEXT_COLOUR).max(-1) < 40).any(), "its name"
    empty_x, empty_y = grid.position(3)
    assert (whole[empty_y : empty_y + 64, empty_x : empty_x + 96] == BACKGROUND).all()


def test_pictures_too_large_for_the_whole_are_made_smaller() -> None:
    grid = fit_grid(9, 3840, 2160)
    whole = compose(grid, draw_background(grid, []), [np.full((2160, 3840, 3), 200, np.uint8)])
    assert (whole[GAP : GAP + grid.height, GAP : GAP + grid.width] == 200).all()


@pytest.mark.parametrize("height", [11, 16, 40])
def test_words_are_as_high_as_asked_for_and_as_wide_as_they_need(height: int) -> None:
    words = render_text("consistent", height)
    assert words.coverage.shape[0] == height
    assert words.coverage.max() > 0.9
    assert render_text("consistent, pixel-weight 0", height).width > 2 * words.width
    rows = words.coverage.max(1)
    assert rows[:2].max() < 0.9 or rows[-2:].max() < 0.9, "not cut off above and below"


def test_words_that_do_not_fit_are_shortened() -> None:
    words = render_text("consistent, pixel-weight 0, iterations 10", 14, 120)
    assert words.width <= 120
    assert words.text.startswith("consistent")
    assert words.text.endswith("...")


def test_no_two_films_have_one_colour() -> None:
    assert len({SOURCE_COLOUR, *METHOD_COLOURS}) == 1 + len(METHOD_COLOURS)
