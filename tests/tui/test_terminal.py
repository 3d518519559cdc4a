"""`streamstyle tui` on a small film in a pseudo-terminal, driven by keys."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.files import read_json
from streamstyle.runs.folder import RunFolder, list_runs
from tests.films import pan, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.slow


class Terminal:
    """A program in a pseudo-terminal."""

    def __init__(self, command: list[str], size: tuple[int, int] = (120, 40)) -> None:
        self._master, slave = pty.openpty()
        self._resize(slave, size)
        environment = dict(os.environ)  # without COLUMNS and LINES, which readline sets behind its back
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment
        )
        os.close(slave)
        self.drawn = b""

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        self._resize(self._master, (columns, rows))
        os.kill(self.process.pid, signal.SIGWINCH)

    def watch(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Read the output until a condition is true."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.drawn[-3000:]
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self.drawn += os.read(self._master, 65536)
                except OSError:  # the other end is closed
                    time.sleep(0.05)

    def wait_for(self, text: str) -> None:
        """Wait until a text is drawn, from now on."""
        start = len(self.drawn)
        self.watch(lambda: text.encode() in self.drawn[start:])

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    @staticmethod
    def _resize(terminal: int, size: tuple[int, int]) -> None:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pan that is repeated, long enough for the run to last through a test."""
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", np.tile(pan(frames=25).frames, (160, 1, 1, 1)))


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path)


@pytest.fixture
def terminal(film: Path, style: Path, tmp_path: Path) -> Iterator[Terminal]:
    arguments = [
        "tui",
        str(film),
        "--style",
        str(style),
        "--method",
        "live",
        "--flow",
        "ultrafast",
        "-o",
        str(tmp_path / "out.mkv"),
    ]
    terminal = Terminal([sys.executable, "-m", "streamstyle", *arguments])
    yield terminal
    terminal.close()
    for run in list_runs():
        if run.is_alive():
            os.kill(read_json(run.path / "run.json")["pid"], signal.SIGKILL)


def has_event(folder: RunFolder, name: str) -> bool:
    return any(json.loads(line)["event"] == name for line in folder.events.read_text().splitlines())


def preview_paths(folder: RunFolder) -> dict[str, str]:
    """Paths of the latest previews by view."""
    return dict(read_json(folder.status).get("previews_written", {}).get("images", {}))


def test_run_is_watched_paused_saved_from_and_stopped(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for("running")
    folder = list_runs()[0]
    terminal.watch(lambda: "output" in preview_paths(folder))
    terminal.wait_for("output · frame")
    terminal.type("4")
    terminal.watch(lambda: "flow" in preview_paths(folder))
    terminal.wait_for("optical flow · frame")
    terminal.type(" ")
    terminal.wait_for("● paused")
    assert has_event(folder, "paused")
    terminal.resize(80, 24)
    terminal.wait_for("slowest")
    terminal.type(" ")
    terminal.wait_for("● running")
    terminal.type("s")
    terminal.watch((tmp_path / "out.flow-1.png").is_file)
    terminal.type("q")
    terminal.wait_for("stop, and keep the partial output")
    terminal.type("e")
    terminal.wait_for("Stopped after")
    terminal.type("q")
    terminal.watch(lambda: terminal.process.poll() is not None)
    assert terminal.process.returncode == 130
    with av.open(str(tmp_path / "out.partial.mkv")) as output:
        assert sum(1 for _ in output.decode(video=0)) == read_json(folder.status)["frame_written"]["frame"]


def test_closing_the_terminal_leaves_the_run_running(terminal: Terminal) -> None:
    terminal.wait_for("output · frame")
    folder = list_runs()[0]
    terminal.type(" ")
    terminal.watch(lambda: has_event(folder, "paused"))
    os.kill(terminal.process.pid, signal.SIGHUP)
    terminal.watch(lambda: terminal.process.poll() is not None)
    terminal.watch(lambda: has_event(folder, "unpaused"))
    assert folder.is_alive()


def test_killing_the_ui_continues_its_paused_run(terminal: Terminal) -> None:
    terminal.wait_for("output · frame")
    folder = list_runs()[0]
    terminal.type(" ")
    terminal.watch(lambda: has_event(folder, "paused"))
    terminal.process.kill()
    terminal.watch(lambda: terminal.process.poll() is not None)
    terminal.watch(lambda: has_event(folder, "unpaused"))
    assert exit_code(["stop"]) == 0
    assert has_event(folder, "stopped")
    terminal.watch(lambda: not folder.is_alive())
