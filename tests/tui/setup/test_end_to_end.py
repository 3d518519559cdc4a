"""The start screen with its real process, on a small film: it is read, painted, estimated, and the run begins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from textual.pilot import Pilot

from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.setup.screen import SetupScreen
from tests.films import pan, write_film
from tests.tui.pilot import screen_text, wait_until
from tests.tui.setup.setup_harness import SetupApp, perform


class SetupAppWithServer(SetupApp):
    """The app with a real easel."""

    def _show_setup(self, film: Path | None) -> None:
        self.push_screen(SetupScreen(film), self._on_setup_closed)


def server_processes() -> list[psutil.Process]:
    """The processes that this one asks."""
    return [child for child in psutil.Process().children() if "streamstyle.preview_server" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def test_a_film_is_read_painted_estimated_and_begun(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", pan(frames=40).frames, audio=True)
    studio = SetupAppWithServer(film)

    async def act(pilot: Pilot[Any]) -> None:
        await wait_until(pilot, lambda: "96x64 · h264" in screen_text(pilot), 60)
        await wait_until(pilot, lambda: "composition_vii · 0:00" in screen_text(pilot), 60)
        await wait_until(
            pilot, lambda: "done at" in screen_text(pilot) and "still trying" not in screen_text(pilot), 120
        )
        await pilot.press("ctrl+s")
        await pilot.pause()

    perform(studio, act)
    arguments = (str(film), "--style", "composition_vii")
    assert studio.request == RunRequest(arguments, film, film.with_name("film.composition_vii.mkv"))
    assert not server_processes(), "it is still at work"


def test_the_process_killed_under_it_is_said_and_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # whoever is killed leaves something behind
    film = write_film(tmp_path / "film.mp4", pan(frames=40).frames)
    studio = SetupAppWithServer(film)

    async def act(pilot: Pilot[Any]) -> None:
        await wait_until(pilot, lambda: "composition_vii · 0:00" in screen_text(pilot), 60)
        await wait_until(pilot, lambda: "from" in screen_text(pilot), 60)  # a trial is on its way, or over
        (killed,) = server_processes()
        os.kill(killed.pid, signal.SIGKILL)
        easel = pilot.app.screen._queries.easel
        await wait_until(
            pilot, lambda: easel._process is None or easel._process.pid != killed.pid, 20
        )  # it is known there
        await pilot.press("down")
        await wait_until(pilot, lambda: "delaunay · 0:00" in screen_text(pilot), 60)

    perform(studio, act)


def test_the_screen_imports_nothing_heavy() -> None:
    heavy = ("torch", "av", "streamstyle.pipeline", "streamstyle.stages")
    program = f"import sys, {SetupScreen.__module__}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
