"""The whole thing in a terminal of its own: `streamstyle tui` on a small film, with keys typed by nobody."""

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


class Terminal:
    """A pseudo-terminal with a program in it."""

    def __init__(self, command: list[str], size: tuple[int, int] = (120, 40)) -> None:
        self._master, slave = pty.openpty()
        self._resize(slave, size)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.drawn = b""

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        self._resize(self._master, (columns, rows))
        os.kill(self.process.pid, signal.SIGWINCH)

    def watch(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Take what is drawn until something comes true."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.drawn[-3000:]
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self.drawn += os.read(self._master, 65536)
                except OSError:  # the other end is closed
                    time.sleep(0.05)

    def shows(self, words: str) -> None:
        """Wait until the words are drawn, from now on."""
        begin = len(self.drawn)
        self.watch(lambda: words.encode() in self.drawn[begin:])

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
    """A pan that comes back and back, for long enough not to be over before it is looked at."""
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", np.tile(pan(frames=25).frames, (160, 1, 1, 1)))


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path)


@pytest.fixture
def terminal(film: Path, style: Path, tmp_path: Path) -> Iterator[Terminal]:
    words = [
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
    terminal = Terminal([sys.executable, "-m", "streamstyle", *words])
    yield terminal
    terminal.close()
    for run in list_runs():
        if run.is_alive():
            os.kill(read_json(run.path / "run.json")["pid"], signal.SIGKILL)


def said(folder: RunFolder, name: str) -> bool:
    return any(json.loads(line)["event"] == name for line in folder.events.read_text().splitlines())


def pictures(folder: RunFolder) -> dict[str, str]:
    """What is to be seen, by view."""
    return dict(read_json(folder.status).get("previews_written", {}).get("images", {}))


def test_a_film_is_painted_watched_paused_and_stopped(terminal: Terminal, tmp_path: Path) -> None:
    terminal.shows("painting")
    folder = list_runs()[0]
    terminal.watch(lambda: "output" in pictures(folder))
    terminal.shows("painted · frame")
    terminal.type("4")
    terminal.watch(lambda: "flow" in pictures(folder))
    terminal.shows("optical flow · frame")
    terminal.type(" ")
    terminal.shows("● paused")
    assert said(folder, "paused")
    terminal.resize(80, 24)
    terminal.shows("slowest")
    terminal.type(" ")
    terminal.shows("● painting")
    terminal.type("s")
    terminal.watch((tmp_path / "out.flow-1.png").is_file)
    terminal.type("q")
    terminal.shows("stop, and keep what is painted")
    terminal.type("s")
    terminal.shows("Stopped after")
    terminal.type("q")
    terminal.watch(lambda: terminal.process.poll() is not None)
    assert terminal.process.returncode == 130
    with av.open(str(tmp_path / "out.partial.mkv")) as painted:
        assert sum(1 for _ in painted.decode(video=0)) == read_json(folder.status)["frame_written"]["frame"]


def test_a_terminal_that_is_closed_does_not_take_the_run_along(terminal: Terminal) -> None:
    terminal.shows("painted · frame")
    folder = list_runs()[0]
    terminal.type(" ")
    terminal.watch(lambda: said(folder, "paused"))
    os.kill(terminal.process.pid, signal.SIGHUP)
    terminal.watch(lambda: terminal.process.poll() is not None)
    terminal.watch(lambda: said(folder, "unpaused"))
    assert folder.is_alive()


def test_a_ui_that_is_killed_while_its_run_is_paused_lets_it_go_on_and_another_may_stop_it(terminal: Terminal) -> None:
    terminal.shows("painted · frame")
    folder = list_runs()[0]
    terminal.type(" ")
    terminal.watch(lambda: said(folder, "paused"))
    terminal.process.kill()
    terminal.watch(lambda: terminal.process.poll() is not None)
    terminal.watch(lambda: said(folder, "unpaused"))
    assert exit_code(["stop"]) == 0
    assert not folder.is_alive()
    assert said(folder, "stopped")
