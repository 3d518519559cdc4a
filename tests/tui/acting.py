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
from tests.tui.fake_engine import Voice

FAKE = (sys.executable, "-m", Voice.__module__)
Act = Callable[[Pilot[int]], Awaitable[None]]


def perform(app: StreamstyleApp, act: Act, size: tuple[int, int] = (120, 40)) -> int | None:
    """Run the app, without a terminal, for as long as the act takes; return its exit code."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await act(pilot)

    asyncio.run(run())
    return app.return_code


def painting(request: RunRequest) -> StreamstyleApp:
    """The app, with an engine that paints nothing."""
    return StreamstyleApp(request, program=FAKE)


def text(pilot: Pilot[int]) -> str:
    """What stands on the screen, line by line."""
    update = pilot.app.screen._compositor.render_full_update()  # Textual has no public way but an SVG
    return "\n".join("".join(strip.text for strip in line).rstrip() for line in update.strips)


async def until(pilot: Pilot[int], condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain; the screen was\n{text(pilot)}"
        await pilot.pause(0.1)


async def reads(pilot: Pilot[int], words: str) -> None:
    """Wait for words on the screen."""
    await until(pilot, lambda: words in text(pilot))


def asked_for(folder: Path, *options: str) -> RunRequest:
    """A request to paint film.mkv of a folder into film.wave.mkv."""
    film, output = folder / "film.mkv", folder / "film.wave.mkv"
    return RunRequest((str(film), "--style", "wave", "-o", str(output), *options), film, output)


def events(folder: RunFolder) -> list[str]:
    """Names of what was said in a run's folder."""
    return [json.loads(line)["event"] for line in folder.events.read_text().splitlines()]
