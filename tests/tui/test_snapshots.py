"""Every screen at the sizes it is made for, as text beside this file.

Written anew by `STREAMSTYLE_SNAPSHOTS=new python -m pytest tests/tui/test_snapshots.py`; then look at what
`git diff` says.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

import streamstyle.tui.screens.result
import streamstyle.tui.widgets.stats
from streamstyle.events import Failed, Finished
from streamstyle.tui.app import StreamstyleApp
from tests.tui.fake_run import FakeRun
from tests.tui.pilot import run_app, screen_text, wait_for_text, wait_until
from tests.tui.test_attach import ended

FOLDER = Path(__file__).parent / "snapshots"
SIZES = [(200, 60), (120, 40), (80, 24), (40, 12)]


class Clock:
    """A clock that stands still."""

    @staticmethod
    def time() -> float:
        return datetime(2026, 11, 24, 20, 15).timestamp()


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamstyle.tui.widgets.stats, "time", Clock)
    monkeypatch.setattr(streamstyle.tui.screens.result, "_find_player", lambda: "mpv")


def compare(name: str, size: tuple[int, int], app: StreamstyleApp, words: str, *keys: str, then: str = "") -> None:
    """Hold the screen, once it says `words` and after the keys `then`, against the snapshot of that name."""
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, words)
        await pilot.press(*keys)
        await wait_for_text(pilot, then)
        if os.environ.get("STREAMSTYLE_SNAPSHOTS") == "new":
            await pilot.pause(1.0)
            path.parent.mkdir(exist_ok=True)
            path.write_text(lines(pilot), encoding="utf-8")
        with suppress(AssertionError):
            await wait_until(pilot, lambda: lines(pilot) == path.read_text(encoding="utf-8"), seconds=5.0)
        assert lines(pilot) == path.read_text(encoding="utf-8")

    run_app(app, act, size)


def lines(pilot: Pilot[int]) -> str:
    return "".join(f"{line}\n" for line in screen_text(pilot).splitlines())


@pytest.mark.parametrize("size", SIZES)
def test_running(voice: FakeRun, size: tuple[int, int]) -> None:
    compare("running", size, StreamstyleApp(voice.folder), "painted · frame 57")


@pytest.mark.parametrize("size", SIZES[1:3])
def test_comparing(voice: FakeRun, size: tuple[int, int]) -> None:
    compare("comparing", size, StreamstyleApp(voice.folder), "painted · frame 57", "c", then="the film · frame 57")


@pytest.mark.parametrize("size", SIZES[2:])
def test_all_the_numbers(voice: FakeRun, size: tuple[int, int]) -> None:
    compare("numbers", size, StreamstyleApp(voice.folder), "painted · frame 57", "n", then="where the time goes")


@pytest.mark.parametrize("size", SIZES[1:])
def test_help(voice: FakeRun, size: tuple[int, int]) -> None:
    compare("help", size, StreamstyleApp(voice.folder), "painted · frame 57", "question_mark", then="Keys")


@pytest.mark.parametrize("size", SIZES[1:])
def test_finished(voice: FakeRun, size: tuple[int, int]) -> None:
    voice.emit(Finished("film.wave.mkv", 132, 2, 125.0, 131, 0))
    compare("finished", size, StreamstyleApp(ended(voice)), "Painted in 2:05")


@pytest.mark.parametrize("size", SIZES[2:])
def test_failed(voice: FakeRun, size: tuple[int, int]) -> None:
    voice.emit(Failed("film.mkv cannot be read any more", "Is its disk still there?", 3))
    compare("failed", size, StreamstyleApp(ended(voice)), "That could not be done")


@pytest.mark.parametrize("size", SIZES[2:])
def test_dead(voice: FakeRun, size: tuple[int, int]) -> None:
    voice.folder.stderr_log.write_text("terminate called after throwing an instance of 'std::bad_alloc'\n")
    compare("dead", size, StreamstyleApp(ended(voice)), "The painting process was ended")
