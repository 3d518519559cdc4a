"""The terminal UI, driven as a person would: keys go in, and what is on the screen is read."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from streamstyle.runs.folder import RunFolder
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.app import StreamstyleApp
from tests.tui.fake_run import FakeRun

FAKE_PROGRAM = (sys.executable, "-m", FakeRun.__module__)
Act = Callable[[Pilot[int]], Awaitable[None]]


def run_app(app: StreamstyleApp, act: Act, size: tuple[int, int] = (120, 40)) -> int | None:
    """Run the app, without a terminal, for as long as the act takes; return its exit code."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await act(pilot)

    asyncio.run(run())
    return app.return_code


def app_with_fake_run(request: RunRequest) -> StreamstyleApp:
    """The app, with an engine that paints nothing."""
    return StreamstyleApp(request, program=FAKE_PROGRAM)


def screen_text(pilot: Pilot[int]) -> str:
    """What stands on the screen, line by line."""
    update = pilot.app.screen._compositor.render_full_update()  # Textual has no public way but an SVG
    return "\n".join("".join(strip.text for strip in line).rstrip() for line in update.strips)


async def wait_until(pilot: Pilot[int], condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain; the screen was\n{screen_text(pilot)}"
        await pilot.pause(0.1)


async def wait_for_text(pilot: Pilot[int], words: str) -> None:
    """Wait for words on the screen."""
    await wait_until(pilot, lambda: words in screen_text(pilot))


def run_request(folder: Path, *options: str) -> RunRequest:
    """A request to paint film.mkv of a folder into film.wave.mkv."""
    film, output = folder / "film.mkv", folder / "film.wave.mkv"
    return RunRequest((str(film), "--style", "wave", "-o", str(output), *options), film, output)


def event_names(folder: RunFolder) -> list[str]:
    """Names of what was said in a run's folder."""
    return [json.loads(line)["event"] for line in folder.events.read_text().splitlines()]
