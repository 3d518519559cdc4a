"""What is written to the terminal."""

from __future__ import annotations

import asyncio

from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

from streamstyle.tui.output_pace import REQUEST
from streamstyle.tui.terminal_driver import without_repetitions

SCREEN = "\x1b[1;1Hfilm.mkv" * 30
START, END = "\x1b[?2026h", "\x1b[?2026l"


class Recorder(HeadlessDriver):
    written: tuple[str, ...] = ()

    def write(self, data: str) -> None:
        self.written = (*self.written, data)


def make_driver() -> Recorder:
    async def make() -> Recorder:  # it asks for the loop
        return without_repetitions(Recorder)(App())

    return asyncio.run(make())


def test_an_update_that_equals_the_one_before_is_left_out() -> None:
    driver = make_driver()
    for data in (SCREEN, START, SCREEN, END, REQUEST, "\x07", "\x07", SCREEN, SCREEN[::-1], SCREEN):
        driver.write(data)
    assert driver.written == (SCREEN, START, END, REQUEST, "\x07", "\x07", SCREEN, SCREEN[::-1], SCREEN)


def test_after_another_size_it_is_written_again() -> None:
    driver = make_driver()
    driver.write(SCREEN)
    driver.forget_screen()
    driver.write(SCREEN)
    assert driver.written == (SCREEN, SCREEN)
