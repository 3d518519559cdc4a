"""Makes the screenshots of the terminal UI in this folder from a real run: python docs/make_screenshots.py [FILM]

Without FILM the demo film is stylised. Check the results in a browser.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

import streamstyle
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.screens.summary import SummaryScreen
from streamstyle.tui.widgets.stats import StatsPanel

FOLDER = Path(__file__).resolve().parent
SIZE = (100, 34)
TIMEOUT = 1800.0
"""Seconds to wait for each screen."""


def main() -> None:
    """Make all screenshots."""
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as name:
        film = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path("demo.mkv")
        os.chdir(name)  # the screens show paths relative to the current folder
        if len(sys.argv) == 1:
            shutil.copyfile(Path(streamstyle.__file__).with_name("assets") / "demo.mkv", film)
        asyncio.run(take_start_screen(film))
        asyncio.run(take_run(film))


async def take_start_screen(film: Path) -> None:
    """Take the start screen when preview and estimate are there."""
    app = StreamstyleApp(video=film)
    async with app.run_test(size=SIZE) as pilot:
        await wait_until(pilot, lambda: shows(app, "composition_vii ·"))
        await pilot.press("end", "up")
        await wait_until(pilot, lambda: shows(app, " free"))
        save(app, "start")


async def take_run(film: Path) -> None:
    """Take the run screen with one view, with two and with a wipe, and the summary."""
    output = Path(f"{film.stem}.starry_night.mkv")
    arguments = (str(film), "--style", "starry_night", "--height", "180", "-o", str(output))
    app = StreamstyleApp(RunRequest(arguments, film, output))
    async with app.run_test(size=SIZE) as pilot:
        await wait_until(pilot, lambda: frames_done(app) >= 30)
        save(app, "running")
        await pilot.resize_terminal(80, 24)
        await pilot.press("c")
        await wait_until(pilot, lambda: frames_done(app) >= 34)
        save(app, "compare")
        await pilot.press("w", "comma", "comma", "n", "n")
        await wait_until(pilot, lambda: shows(app, "output | film"))
        save(app, "wipe")
        await pilot.resize_terminal(*SIZE)
        await pilot.press("w", "n")
        await wait_until(pilot, lambda: isinstance(app.screen, SummaryScreen))
        await pilot.pause(0.5)
        save(app, "summary")


async def wait_until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "timed out"
        await pilot.pause(0.2)


def shows(app: StreamstyleApp, text: str) -> bool:
    """Return whether the screen shows a text of one style."""
    return text.replace(" ", "&#160;") in app.export_screenshot()


def frames_done(app: StreamstyleApp) -> int:
    """Return the number of frames that the run screen shows; 0 before it is open."""
    assert not isinstance(app.screen, SummaryScreen), "the run ended early"
    panels = app.screen.query(StatsPanel)
    text = str(panels.first().render()) if panels else ""
    return int(text.partition(" ")[0] or 0)


def save(app: StreamstyleApp, name: str) -> None:
    """Save the screen as an SVG."""
    (FOLDER / f"tui-{name}.svg").write_text(shorten(app.export_screenshot()), encoding="utf-8")


def shorten(svg: str) -> str:
    """Return the SVG without repeated attributes, two thirds of its size: each cell of an image is an element."""
    svg = re.sub(r' clip-path="url\(#terminal-\d+-line-\d+\)"', "", svg)  # no line is longer than the window
    svg = re.sub(r'<clipPath id="terminal-\d+-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+-", "t", svg)
    return svg.replace(' shape-rendering="crispEdges"', "").replace("<svg ", '<svg shape-rendering="crispEdges" ', 1)


if __name__ == "__main__":
    main()
