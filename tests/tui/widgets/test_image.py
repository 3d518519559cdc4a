"""Images on the screen: their place before the first image, and after a change of size."""

from __future__ import annotations

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.pilot import Pilot

from streamstyle.tui.output_pace import OutputPace
from streamstyle.tui.widgets.image import ImageView
from streamstyle.tui.widgets.view_pair import ViewPair
from tests.tui.pilot import run_app, screen_text


class PairApp(App[int]):
    pace: OutputPace | None = None
    cell_ratio = 2.0

    def compose(self) -> ComposeResult:
        yield ViewPair("opening the film")


def test_placeholder_is_in_the_middle_before_any_update() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.pause()
        assert not pilot.app.query_one("#second-image").display
        line = next(line for line in screen_text(pilot).splitlines() if "opening the film" in line)
        assert line.index("opening") == 32

    run_app(PairApp(), steps, (80, 10))


def test_image_is_drawn_in_its_new_size_before_the_resize_event() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        image = pilot.app.query_one("#first-image", ImageView)
        image.show(np.zeros((90, 160, 3), np.uint8), "output")
        await pilot.pause()
        assert image.size == (80, 10)
        image._size = Size(60, 6)  # the compositor draws at once; the event comes later
        rows = image.render_lines(Region(0, 0, 60, 6))
        assert [row.cell_length for row in rows] == [60] * 6

    run_app(PairApp(), steps, (80, 10))


def test_image_is_sent_in_parts_each_after_the_answer_to_the_last() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)

    async def steps(pilot: Pilot[int]) -> None:
        image = app.query_one("#first-image", ImageView)
        requests: list[int] = []
        app.pace = pace = OutputPace(lambda: requests.append(rows_drawn(image)))
        pace._budget = 2500
        image.show(noise, "output")
        drawn = [rows_drawn(image)]
        while "output" not in screen_text(pilot):
            await pilot.pause()
            drawn.append(rows_drawn(image))
            pace.answered()
            pace._budget = 2500
            image.send_more()
        assert drawn == sorted(drawn)
        assert drawn[0] < 4
        assert len(set(drawn)) > 3, "rows arrive a few at a time"
        await pilot.pause()
        assert set(drawn) - {0} <= set(requests), "each part is followed by a request"
        image.show(noise[::-1], "other")
        assert "output" in screen_text(pilot), "the old image stays until the rows of the new one arrive"

    app = PairApp()
    run_app(app, steps, (80, 10))


def test_answer_is_asked_for_even_if_the_image_is_hidden_before_it_is_drawn() -> None:
    """Without one no image would be sent for 20 seconds."""

    async def steps(pilot: Pilot[int]) -> None:
        image = app.query_one("#first-image", ImageView)
        requests: list[bool] = []
        app.pace = pace = OutputPace(lambda: requests.append(pace.is_waiting()))
        image.show(np.zeros((90, 160, 3), np.uint8), "output")
        await pilot.pause()
        pace.answered()
        requests.clear()
        image.show(np.ones((90, 160, 3), np.uint8), "output")
        assert pace.is_waiting()
        image.display = False
        await pilot.pause()
        assert requests == [True]

    app = PairApp()
    run_app(app, steps, (80, 10))


@pytest.mark.parametrize(("ratio", "size"), [(2.0, (80, 22)), (2.5, (80, 18))])
def test_image_keeps_its_shape_whatever_the_cells(ratio: float, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        app.cell_ratio = ratio
        image = app.query_one("#first-image", ImageView)
        image.show(np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8), "output")
        await pilot.pause()
        assert rows_drawn(image) == size[1]
        assert image.extent() == (0, size[0])

    app = PairApp()
    run_app(app, steps, (80, 30))


def rows_drawn(image: ImageView) -> int:
    return sum(any(mark in row.text for mark in "▀▌▘▛▚▜▙") for row in image.render_lines(Region(0, 0, *image.size)))
