"""Images on the screen: their place before the first image, and after a change of size."""

from __future__ import annotations

import numpy as np
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.pilot import Pilot

from streamstyle.tui.output_pace import REQUEST, OutputPace
from streamstyle.tui.widgets.image import ImageView
from streamstyle.tui.widgets.view_pair import ViewPair
from tests.tui.pilot import run_app, screen_text


class PairApp(App[int]):
    pace: OutputPace | None = None

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
        app.pace = pace = OutputPace()
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
        assert image.render_lines(Region(0, 9, 80, 1))[0].render(app.console).endswith(REQUEST)
        image.show(noise[::-1], "other")
        assert "output" in screen_text(pilot), "the old image stays until the rows of the new one arrive"

    app = PairApp()
    run_app(app, steps, (80, 10))


def rows_drawn(image: ImageView) -> int:
    return sum(any(mark in row.text for mark in "▀▌▘▛▚▜▙") for row in image.render_lines(Region(0, 0, *image.size)))
