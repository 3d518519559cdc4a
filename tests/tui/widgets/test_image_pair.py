"""A pair of images: its arrangement is the one with the larger pictures; a wipe follows keys and mouse."""

from __future__ import annotations

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip

from streamstyle.tui.widgets.cells import Pixels
from streamstyle.tui.widgets.image import ImageView
from streamstyle.tui.widgets.image_pair import Arrangement, ImagePair, wipe
from tests.tui.pilot import run_app, screen_text, wait_until

RED, BLUE = (200, 0, 0), (0, 0, 200)


def plain(colour: tuple[int, int, int], width: int = 160, height: int = 90) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


class PairApp(App[int]):
    def compose(self) -> ComposeResult:
        yield ImagePair("red", "blue", "nothing yet")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"primary": "#ffffff"}


def pair(pilot: Pilot[int]) -> ImagePair:
    return pilot.app.query_one(ImagePair)


def shown_image(pilot: Pilot[int]) -> Pixels:
    image = pilot.app.query_one("#first-image", ImageView)._pixels
    assert image is not None
    return image


async def show(pilot: Pilot[int], arrangement: Arrangement, width: int = 160) -> None:
    pair(pilot).show({"red": plain(RED, width), "blue": plain(BLUE, width)}, {"red": "red · 7", "blue": "blue · 7"})
    pair(pilot).toggle(arrangement)
    await pilot.pause()


@pytest.mark.parametrize(
    ("size", "width", "stacked"),
    [
        ((160, 44), 160, False),
        ((150, 50), 160, True),
        ((100, 60), 160, True),
        ((150, 40), 216, True),
        ((80, 17), 216, False),
    ],
)
def test_two_images_are_arranged_so_that_they_are_larger(size: tuple[int, int], width: int, stacked: bool) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await show(pilot, Arrangement.both, width)
        first, second = pilot.app.query(ImageView)
        assert (first.region.y < second.region.y) is stacked
        assert (first.region.x < second.region.x) is not stacked
        assert first.size == second.size
        assert "red · 7" in screen_text(pilot)
        assert "blue · 7" in screen_text(pilot)

    run_app(PairApp(), steps, size)


def test_another_size_of_the_terminal_changes_the_arrangement() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await show(pilot, Arrangement.both)
        assert not pair(pilot).has_class("-stacked")
        await pilot.resize_terminal(60, 50)
        await pilot.pause()
        assert pair(pilot).has_class("-stacked")
        pair(pilot).toggle(Arrangement.both)
        await pilot.pause()
        assert not pair(pilot).has_class("-stacked")
        assert pilot.app.query_one("#first-image", ImageView).size == (60, 50)

    run_app(PairApp(), steps, (120, 20))


@pytest.mark.parametrize("arrangement", [Arrangement.one, Arrangement.both])
def test_two_images_are_always_of_the_same_frame(arrangement: Arrangement) -> None:
    """While one of them waits for the terminal, the other waits for it."""

    async def steps(pilot: Pilot[int]) -> None:
        await show(pilot, arrangement)
        first, second = pilot.app.query(ImageView)
        first._unsent = [(0, Strip.blank(5))]
        pair(pilot).show({"red": plain(BLUE), "blue": plain(RED)}, {"red": "red · 8", "blue": "blue · 8"})
        await pilot.pause(0.3)
        text = screen_text(pilot)
        assert ("red · 7" in text, "blue · 7" in text) == ((False, False), (True, True))[second.display]
        first._unsent = []
        await wait_until(pilot, lambda: "red · 8" in screen_text(pilot))
        assert ("blue · 8" in screen_text(pilot)) is second.display

    run_app(PairApp(), steps, (160, 44))


def test_wipe_shows_both_images_of_which_the_second_is_resized() -> None:
    picture = wipe(plain(RED), plain(BLUE, 320, 180), 0.25, 2, (255, 255, 255))
    assert picture.shape == (90, 160, 3)
    colours = [tuple(pixel) for pixel in picture[45]]
    assert colours == [RED] * 39 + [(255, 255, 255)] * 2 + [BLUE] * 119


@pytest.mark.parametrize(("boundary", "first", "last"), [(0.0, None, BLUE), (1.0, RED, None)])
def test_at_the_ends_a_wipe_is_one_image(
    boundary: float, first: tuple[int, int, int] | None, last: tuple[int, int, int] | None
) -> None:
    row = [tuple(pixel) for pixel in wipe(plain(RED), plain(BLUE), boundary, 3, (9, 9, 9))[0]]
    assert row.count((9, 9, 9)) == 3
    assert first is None or row[0] == first
    assert last is None or row[-1] == last


def test_boundary_follows_keys_and_mouse() -> None:
    """The image of 80x22 cells fills the width."""

    async def steps(pilot: Pilot[int]) -> None:
        await show(pilot, Arrangement.wipe)
        assert "red | blue · 7" in screen_text(pilot)
        assert reds(pilot) == pytest.approx(0.5, abs=0.01)
        unchanged = shown_image(pilot)
        pair(pilot).show(pair(pilot)._images, pair(pilot)._captions)
        assert shown_image(pilot) is unchanged, "nothing new, nothing is drawn"
        pair(pilot).move_boundary(0.1)
        assert reds(pilot) == pytest.approx(0.6, abs=0.01)
        await pilot.mouse_down("#first-image", offset=(20, 5))
        assert reds(pilot) == pytest.approx(0.25, abs=0.02)
        await pilot.hover("#first-image", offset=(60, 9))
        assert reds(pilot) == pytest.approx(0.75, abs=0.02)
        await pilot.mouse_up("#first-image", offset=(60, 9))
        await pilot.hover("#first-image", offset=(10, 9))
        assert reds(pilot) == pytest.approx(0.75, abs=0.02), "the button is up"
        pair(pilot).move_boundary(7)
        assert pair(pilot).boundary == 1.0
        pair(pilot).swap()
        assert tuple(shown_image(pilot)[0, 0]) == BLUE
        await pilot.pause()
        assert "blue | red · 7" in screen_text(pilot)

    def reds(pilot: Pilot[int]) -> float:
        return float((shown_image(pilot)[40] == RED).all(-1).mean())

    run_app(PairApp(), steps, (80, 24))


def test_a_wipe_with_one_image_missing_shows_the_other() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        pair(pilot).toggle(Arrangement.wipe)
        pair(pilot).show({"red": plain(RED)}, {"red": "red · 7", "blue": "blue comes"})
        await pilot.pause()
        assert "red · 7" in screen_text(pilot)
        pair(pilot).show({}, {})
        await pilot.pause()
        assert "nothing yet" in screen_text(pilot)

    run_app(PairApp(), steps, (80, 24))
