"""The start screen with the real preview server on a small film."""

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
from tests.tui.pilot import run_app, screen_text, wait_until
from tests.tui.setup.setup_harness import SetupApp

pytestmark = pytest.mark.slow


class SetupAppWithServer(SetupApp):
    """The app with the real client."""

    def _show_setup(self, film: Path | None) -> None:
        self.push_screen(SetupScreen(film), self._on_setup_closed)


def server_processes() -> list[psutil.Process]:
    """The preview servers that this process has started."""
    return [child for child in psutil.Process().children() if "streamstyle.preview_server" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # the process has just ended
        return ""


def test_film_is_read_previewed_estimated_and_started(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", pan(frames=40).frames, audio=True)
    app = SetupAppWithServer(film)

    async def steps(pilot: Pilot[Any]) -> None:
        await wait_until(pilot, lambda: "96x64 · h264" in screen_text(pilot), 60)
        await wait_until(pilot, lambda: "composition_vii · 0:00" in screen_text(pilot), 60)
        await wait_until(
            pilot, lambda: "done at" in screen_text(pilot) and "still measuring" not in screen_text(pilot), 120
        )
        await pilot.press("ctrl+s")
        await pilot.pause()

    run_app(app, steps)
    arguments = (str(film), "--style", "composition_vii")
    assert app.request == RunRequest(arguments, film, film.with_name("film.composition_vii.mkv"))
    assert not server_processes(), "the server was not ended"


def test_killed_server_is_restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # a killed server leaves a temporary folder behind
    film = write_film(tmp_path / "film.mp4", pan(frames=40).frames)
    app = SetupAppWithServer(film)

    async def steps(pilot: Pilot[Any]) -> None:
        await wait_until(pilot, lambda: "composition_vii · 0:00" in screen_text(pilot), 60)
        await wait_until(pilot, lambda: "from" in screen_text(pilot), 60)  # the trial is running or has ended
        (killed,) = server_processes()
        os.kill(killed.pid, signal.SIGKILL)
        client = pilot.app.screen._queries.client
        await wait_until(pilot, lambda: client._process is None or client._process.pid != killed.pid, 20)
        await pilot.press("down")
        await wait_until(pilot, lambda: "delaunay · 0:00" in screen_text(pilot), 60)

    run_app(app, steps)


def test_setup_screen_imports_no_torch() -> None:
    heavy = ("torch", "av", "streamstyle.pipeline", "streamstyle.stages")
    program = f"import sys, {SetupScreen.__module__}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
