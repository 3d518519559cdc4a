from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

from streamstyle.runs.state import LogEntry
from streamstyle.tui.widgets.text import LogView, elide_middle
from tests.tui.pilot import run_app, screen_text, wait_for_text, wait_until


@pytest.mark.parametrize(
    ("text", "width", "cut_to"),
    [
        ("holiday.mkv", 11, "holiday.mkv"),
        ("holiday.mkv", 7, "hol…mkv"),
        ("holiday.mkv", 1, "…"),
        ("日本の映画.mkv", 9, "日本….mkv"),
        ("\U0001f3ac\U0001f3ac\U0001f3ac\U0001f3ac.mkv", 9, "\U0001f3ac\U0001f3ac….mkv"),
    ],
)
def test_long_name_is_elided_by_cells_not_characters(text: str, width: int, cut_to: str) -> None:
    assert elide_middle(text, width) == cut_to
    assert Content(cut_to).cell_length <= width


class LogApp(App[int]):
    CSS = "LogView.hidden { display: none; } LogView { height: 12; }"

    def compose(self) -> ComposeResult:
        yield LogView()


def test_lines_that_arrive_while_the_log_is_hidden_are_wrapped_to_its_width() -> None:
    texts = ["shot 1 begins at 0:00, frame 0", "shot 2 begins at 0:02, frame 40"]

    async def steps(pilot: Pilot[int]) -> None:
        log = pilot.app.query_one(LogView)
        log.show([LogEntry(texts[0])])
        await pilot.pause()
        log.toggle()
        await pilot.pause()
        log.show([LogEntry(text) for text in texts])
        await pilot.pause()
        log.toggle()
        await wait_until(pilot, lambda: all(screen_text(pilot).count(text) == 1 for text in texts))
        await pilot.resize_terminal(20, 20)
        await wait_for_text(pilot, "  shot 2 begins at\n0:02, frame 40")  # wrapped to the new width

    run_app(LogApp(), steps, (60, 20))
