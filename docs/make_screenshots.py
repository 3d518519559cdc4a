"""Makes the screenshots of the terminal UI in this folder, from a real run: python docs/make_screenshots.py [FILM]

Without a film the demo film is painted. Look at them with a browser.
"""

from __future__ import annotations

import asyncio
import os
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


def shows(app: StreamstyleApp, words: str) -> bool:
    """Return whether words of one style stand on the screen."""
    return words.replace(" ", "&#160;") in app.export_screenshot()


def frames_done(app: StreamstyleApp) -> int:
    """Return how many frames the run screen says are done; very many on any other screen."""
    panels = app.screen.query(StatsPanel)
    said = str(panels.first().render()) if panels else str(10**9)
    return int(said.partition(" ")[0] or 0)


def save(app: StreamstyleApp, name: str) -> None:
    """Keep what is on the screen."""
    app.save_screenshot(f"tui-{name}.svg", str(FOLDER))


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait, for half an hour at most, until something is so."""
    end = time.monotonic() + 1800
    while not condition():
        assert time.monotonic() < end
        await pilot.pause(0.2)


async def take(film: Path) -> None:
    """Paint a film, and take its picture half way, beside the film, and at the end."""
    output = Path(f"{film.stem}.wave.mkv")
    words = (str(film), "--style", "wave", "--height", "360", "-o", str(output))
    app = StreamstyleApp(RunRequest(words, film, output))

    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: frames_done(app) >= 60)
        save(app, "running")
        await pilot.resize_terminal(80, 24)
        await pilot.press("c")
        await until(pilot, lambda: frames_done(app) >= 64)
        save(app, "compare")
        await pilot.resize_terminal(120, 40)
        await pilot.press("4")
        await until(pilot, lambda: frames_done(app) >= 68)
        save(app, "flow")
        await pilot.press("1", "c")
        await until(pilot, lambda: isinstance(app.screen, SummaryScreen))
        await pilot.pause(0.5)
        save(app, "summary")


async def ask(film: Path) -> None:
    """Take a picture of the start screen once it knows what the run would take."""
    app = StreamstyleApp(video=film)

    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: shows(app, "composition_vii ·"))
        await pilot.press("end", "up")
        await until(pilot, lambda: shows(app, " free"))
        save(app, "start")


def main() -> None:
    """Make them all."""
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as name:
        film = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path("landscape.mkv")
        os.chdir(name)  # names are shown as seen from here
        if len(sys.argv) == 1:
            shutil.copyfile(Path(streamstyle.__file__).with_name("assets") / "demo.mkv", film)
        asyncio.run(ask(film))
        asyncio.run(take(film))


if __name__ == "__main__":
    main()
