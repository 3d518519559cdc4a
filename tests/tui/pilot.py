"""Drives the terminal UI by key presses, and reads the text of its screen."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from streamstyle.runs.folder import RunFolder
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.app import StreamstyleApp
from tests.tui.fake_run import FakeRun

FAKE_PROGRAM = (sys.executable, "-m", FakeRun.__module__)
Steps = Callable[[Pilot[int]], Awaitable[None]]


def run_app(app: App[int], steps: Steps, size: tuple[int, int] = (120, 40)) -> int | None:
    """Run the app without a terminal until the steps are done; return its exit code."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(pilot)

    asyncio.run(run())
    return app.return_code


def app_with_fake_run(request: RunRequest) -> StreamstyleApp:
    """An app that starts a fake run."""
    return StreamstyleApp(request, program=FAKE_PROGRAM)


def screen_text(pilot: Pilot[int]) -> str:
    """The text of the screen."""
    update = pilot.app.screen._compositor.render_full_update()  # the only public way is an SVG
    return "\n".join("".join(strip.text for strip in line).rstrip() for line in update.strips)


async def wait_until(pilot: Pilot[int], condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"timed out; the screen was\n{screen_text(pilot)}"
        await pilot.pause(0.1)


async def wait_for_text(pilot: Pilot[int], text: str) -> None:
    """Wait until the screen shows a text."""
    await wait_until(pilot, lambda: text in screen_text(pilot))


def run_request(folder: Path, *options: str) -> RunRequest:
    """A request to stylise film.mkv of a folder to film.wave.mkv."""
    film, output = folder / "film.mkv", folder / "film.wave.mkv"
    return RunRequest((str(film), "--style", "wave", "-o", str(output), *options), film, output)


def event_names(folder: RunFolder) -> list[str]:
    """Names of the events of a run."""
    return [json.loads(line)["event"] for line in folder.events.read_text().splitlines()]
