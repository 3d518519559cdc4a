"""Every screen at the sizes that it has layouts for, as text in `snapshots/`.

`STREAMSTYLE_SNAPSHOTS=new python -m pytest tests/tui/test_snapshots.py` writes them again; check them with `git diff`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

import streamstyle.tui.screens.result
import streamstyle.tui.widgets.figures
from streamstyle.events import Failed, Finished, FrameWritten, WorkersSampled, WorkerStatus
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
def _fixed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamstyle.tui.widgets.figures, "time", Clock)
    monkeypatch.setattr(streamstyle.tui.screens.result, "_find_player", lambda: "mpv")


def compare(name: str, size: tuple[int, int], app: StreamstyleApp, text: str, *keys: str, then: str = "") -> None:
    """Compare the screen with a snapshot, once it shows `text` and, after the keys, `then`."""
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, text)
        await pilot.press(*keys)
        await wait_for_text(pilot, then)
        if os.environ.get("STREAMSTYLE_SNAPSHOTS") == "new":
            await pilot.pause(1.0)
            path.parent.mkdir(exist_ok=True)
            path.write_text(lines(pilot), encoding="utf-8")
        with suppress(AssertionError):
            await wait_until(pilot, lambda: lines(pilot) == path.read_text(encoding="utf-8"), seconds=30.0)
        assert lines(pilot) == path.read_text(encoding="utf-8")

    run_app(app, steps, size)


def lines(pilot: Pilot[int]) -> str:
    return "".join(f"{line}\n" for line in screen_text(pilot).splitlines())


@pytest.mark.parametrize("size", SIZES)
def test_running(fake_run: FakeRun, size: tuple[int, int]) -> None:
    compare("running", size, StreamstyleApp(fake_run.folder), "output · frame 57")


@pytest.mark.parametrize("size", SIZES[1:3])
def test_comparing(fake_run: FakeRun, size: tuple[int, int]) -> None:
    compare("comparing", size, StreamstyleApp(fake_run.folder), "output · frame 57", "c", then="film · frame 57")


@pytest.mark.parametrize("size", SIZES[2:])
def test_all_stats(fake_run: FakeRun, size: tuple[int, int]) -> None:
    compare("numbers", size, StreamstyleApp(fake_run.folder), "output · frame 57", "n", then="time per stage")


@pytest.mark.parametrize("size", SIZES[1:])
def test_cluster(fake_run: FakeRun, size: tuple[int, int]) -> None:
    fake_run.latest.clear()
    fake_run.emit(FrameWritten(57, 132, 2.28, 20.0))
    fake_run.emit(
        WorkersSampled(
            (
                WorkerStatus(name="node1.example.org:4123", piece=0, time=0.0, frame=31, frames=40, fps=1.55),
                WorkerStatus(name="node2.example.org:771", piece=2, time=3725.4, frame=12, frames=60, fps=0.6),
                WorkerStatus(name="node3:40113", piece=None, time=None, frame=0, frames=0, fps=None),
            )
        )
    )
    compare("cluster", size, StreamstyleApp(fake_run.folder), "43 %")


@pytest.mark.parametrize("size", SIZES[1:])
def test_help(fake_run: FakeRun, size: tuple[int, int]) -> None:
    compare("help", size, StreamstyleApp(fake_run.folder), "output · frame 57", "question_mark", then="Keys")


@pytest.mark.parametrize("size", SIZES[1:])
def test_finished(fake_run: FakeRun, size: tuple[int, int]) -> None:
    fake_run.emit(Finished("film.wave.mkv", 132, 2, 125.0, 131, 0))
    compare("finished", size, StreamstyleApp(ended(fake_run)), "Finished in 2:05")


@pytest.mark.parametrize("size", SIZES[2:])
def test_failed(fake_run: FakeRun, size: tuple[int, int]) -> None:
    fake_run.emit(Failed("film.mkv cannot be read any more", "Is its disk still there?", 3))
    compare("failed", size, StreamstyleApp(ended(fake_run)), "The run failed")


@pytest.mark.parametrize("size", SIZES[2:])
def test_dead(fake_run: FakeRun, size: tuple[int, int]) -> None:
    fake_run.folder.stderr_log.write_text("terminate called after throwing an instance of 'std::bad_alloc'\n")
    compare("dead", size, StreamstyleApp(ended(fake_run)), "The process ended unexpectedly")
