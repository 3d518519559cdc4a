"""Quadrant blocks: the shapes that a cell can show, and their colours."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from rich.color import Color

from streamstyle.tui.widgets.quadrants import Quadrants

RED, BLUE = (252, 0, 0), (0, 0, 252)
BLOCKS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""By the set of lit pixels: 1 upper left, 2 upper right, 4 lower left, 8 lower right."""


@pytest.mark.parametrize("lit", range(16))
def test_two_colours_in_any_arrangement_are_shown_exactly(lit: int) -> None:
    cell = np.array([RED if lit >> bit & 1 else BLUE for bit in range(4)], np.uint8).reshape(2, 2, 3)
    (segment,) = Quadrants.from_rgb(cell).segments(0)
    assert segment.style is not None
    assert segment.style.bgcolor is not None
    shown = BLOCKS.index(segment.text)
    colours = (segment.style.bgcolor, segment.style.color)
    for bit in range(4):
        assert colours[shown >> bit & 1] == Color.from_rgb(*(RED if lit >> bit & 1 else BLUE))


def test_four_colours_become_the_two_with_the_least_squared_error() -> None:
    cell = np.random.default_rng(3).integers(0, 255, (2, 2, 3), np.uint8)
    weights = np.array([0.35, 0.4, 0.25]) * 3

    def error(groups: list[list[int]]) -> float:
        pixels = cell.reshape(4, 3).astype(float)
        return sum(float((weights * (pixels[group] - pixels[group].mean(0)) ** 2).sum()) for group in groups)

    divisions = [
        [list(group), [pixel for pixel in range(4) if pixel not in group]]
        for size in (1, 2)
        for group in itertools.combinations(range(4), size)
    ]
    quadrants = Quadrants.from_rgb(cell)
    shown = BLOCKS.index(quadrants.segments(0)[0].text)
    groups = [[pixel for pixel in range(4) if (shown >> pixel & 1) == side] for side in (0, 1)]
    assert error(groups) == pytest.approx(min(map(error, divisions)))
    assert quadrants.foreground[0, 0] == pytest.approx(cell.reshape(4, 3)[groups[1]].mean(0), abs=0.51)


def test_faint_differences_are_one_colour() -> None:
    cell = np.array([[(100, 100, 100), (102, 100, 100)], [(101, 101, 100), (100, 100, 102)]], np.uint8)
    (segment,) = Quadrants.from_rgb(cell).segments(0)
    assert segment.text == " "


def test_colours_are_written_only_where_they_change() -> None:
    row = np.array([[RED, RED, RED, BLUE, RED, BLUE, BLUE, BLUE]] * 2, np.uint8)
    (sequence,) = Quadrants.from_rgb(row).sequences()
    assert sequence == "\x1b[48;2;252;0;0m \x1b[38;2;252;0;0m\x1b[48;2;0;0;252m▌▌ \x1b[0m"


def test_large_picture_takes_a_few_milliseconds() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 320, 3), np.uint8)
    for render in (Quadrants.from_rgb, Quadrants.from_rgb_dithered):
        render(noise).sequences()  # tables are made once
        best = min(_processor_time(lambda render=render: render(noise).sequences()) for _ in range(9))  # type: ignore[misc]
        assert best < 0.010


def _processor_time(call: object) -> float:
    start = time.thread_time()
    call()  # type: ignore[operator]
    return time.thread_time() - start
