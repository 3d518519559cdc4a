"""Layout, captions and cells of the side-by-side film."""

from __future__ import annotations

import numpy as np
import pytest

from streamstyle.compare.markup import film_colour
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
def test_the_grid_of_a_wide_film_fills_a_screen(count: int, shape: tuple[int, int]) -> None:
    assert grid_shape(count, 16 / 9) == shape


def test_upright_films_are_in_one_row() -> None:
    assert grid_shape(3, 9 / 16) == (3, 1)
    assert grid_shape(4, 9 / 16) == (4, 1)


@pytest.mark.parametrize("size", [(96, 64), (1280, 720), (3840, 2160), (720, 1280)])
@pytest.mark.parametrize("count", [2, 5, 9])
def test_the_grid_has_even_sides_within_the_limit_and_holds_every_cell(size: tuple[int, int], count: int) -> None:
    grid = fit_grid(count, *size)
    width, height = grid.size
    assert width % 2 == height % 2 == 0
    assert width <= MAX_WIDTH
    assert height <= MAX_HEIGHT
    assert grid.width / grid.height == pytest.approx(size[0] / size[1], rel=0.02)
    x, y = grid.position(count - 1)
    assert x + grid.width + GAP <= width
    assert y + grid.height + grid.caption_height + GAP <= height


def test_each_image_is_above_its_own_caption() -> None:
    grid = fit_grid(3, 96, 64)
    labels = [Label(f"film {cell}", "flicker 1.00", film_colour(cell)) for cell in range(3)]
    images = [np.full((64, 96, 3), 60 * cell + 40, np.uint8) for cell in range(3)]
    canvas = compose(grid, draw_background(grid, labels), images)
    for cell in range(3):
        x, y = grid.position(cell)
        assert (canvas[y : y + 64, x : x + 96] == 60 * cell + 40).all()
        band = canvas[y + 64 : y + 64 + grid.caption_height, x : x + 96]
        assert (band == film_colour(cell)).all(-1).any(), "the film's colour"
        assert (np.abs(band.astype(int) - TEXT_COLOUR).max(-1) < 40).any(), "the film's name"
    empty_x, empty_y = grid.position(3)
    assert (canvas[empty_y : empty_y + 64, empty_x : empty_x + 96] == BACKGROUND).all()


def test_large_images_are_scaled_down() -> None:
    grid = fit_grid(9, 3840, 2160)
    canvas = compose(grid, draw_background(grid, []), [np.full((2160, 3840, 3), 200, np.uint8)])
    assert (canvas[GAP : GAP + grid.height, GAP : GAP + grid.width] == 200).all()


@pytest.mark.parametrize("height", [11, 16, 40])
def test_text_has_the_requested_height(height: int) -> None:
    mask = render_text("consistent", height)
    assert mask.coverage.shape[0] == height
    assert mask.coverage.max() > 0.9
    assert render_text("consistent, pixel-weight 0", height).width > 2 * mask.width
    rows = mask.coverage.max(1)
    assert rows[:2].max() < 0.9 or rows[-2:].max() < 0.9, "not cut off above and below"


def test_text_that_does_not_fit_is_shortened() -> None:
    mask = render_text("consistent, pixel-weight 0, iterations 10", 14, 120)
    assert mask.width <= 120
    assert mask.text.startswith("consistent")
    assert mask.text.endswith("...")
