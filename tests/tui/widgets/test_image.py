"""Images on the screen: their place before the first image, and after a change of size."""

from __future__ import annotations

import numpy as np
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.pilot import Pilot

from streamstyle.tui.widgets.image import ImagePair, ImageView
from tests.tui.pilot import run_app, screen_text


class PairApp(App[int]):
    def compose(self) -> ComposeResult:
        yield ImagePair("opening the film")


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
