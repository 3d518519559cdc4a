"""The terminal UI in a pseudo-terminal behind a line of 30 kB/s, and in one that goes away."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamstyle.files import read_json
from streamstyle.runs.folder import list_runs
from streamstyle.tui.output_pace import REQUEST

pytestmark = pytest.mark.slow

RATE = 30_000
"""Bytes a second."""

PROGRAM = """
import sys
from pathlib import Path
from tests.tui.pilot import app_with_fake_run, run_request
app = app_with_fake_run(run_request(Path(sys.argv[1]), "--frames", "5000", "--seconds", "0.05", "--detailed"))
app.run()
sys.exit(app.return_code)
"""


class ThinLine:
    """A terminal at the end of a line that takes everything at once, and delivers it slowly: what SSH does."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        command = [sys.executable, "-c", PROGRAM, str(folder)]
        environment = dict(os.environ)  # without COLUMNS and LINES, which readline sets behind its back
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment
        )
        os.close(slave)
        self.waiting, self.arrived = b"", b""
        self._time = time.monotonic()

    def deliver(self) -> None:
        """Take what is written, deliver what the line carries, and answer like a terminal."""
        while select.select([self.master], [], [], 0.02)[0]:
            try:
                self.waiting += os.read(self.master, 65536)
            except OSError as error:  # Linux reads EIO where the program has ended
                raise AssertionError(
                    f"ended with {self.process.wait()}: {(self.arrived + self.waiting)[-3000:]!r}"
                ) from error
        now = time.monotonic()
        count = int(RATE * (now - self._time))
        self._time = now
        delivered, self.waiting = self.waiting[:count], self.waiting[count:]
        before = self.arrived[-len(REQUEST) + 1 :]
        self.arrived += delivered
        for _ in re.findall(re.escape(REQUEST.encode()), before + delivered):
            os.write(self.master, b"\x1b[1;1R")

    def wait_for(self, text: str, seconds: float = 60.0) -> float:
        """Return the seconds until a text arrives."""
        began, start = time.monotonic(), len(self.arrived)
        while text.encode() not in self.arrived[start:]:
            assert time.monotonic() < began + seconds, self.arrived[-2000:]
            self.deliver()
        return time.monotonic() - began

    def rest(self, seconds: float) -> None:
        """Press no key for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.deliver()

    def press(self, key: str) -> None:
        os.write(self.master, key.encode())


@pytest.fixture
def line(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThinLine]:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    line = ThinLine(tmp_path, (160, 50))
    yield line
    if line.process.poll() is None:
        line.process.kill()
        line.process.wait()
    for run in list_runs():
        if run.is_alive():
            os.kill(read_json(run.path / "run.json")["pid"], signal.SIGKILL)


def test_keys_answer_soon(line: ThinLine) -> None:
    line.wait_for("output · frame")
    line.rest(4)  # the pace settles
    taken = []
    for key, answer in (("?", "Keys"), ("\x1b", "of 5000"), (" ", "paus"), (" ", "running"), ("?", "Keys")):
        line.press(key)
        taken.append(line.wait_for(answer))
        line.rest(0.7)
    assert sorted(taken)[len(taken) // 2] < 2.0, taken  # below 1 on a core with a load of 9; the tests keep both busy
    assert max(taken) < 4.0, taken


def test_program_ends_when_its_terminal_has_gone(line: ThinLine) -> None:
    """There is no SIGHUP here: the terminal does not control the process."""
    line.wait_for("output · frame")
    os.close(line.master)
    assert line.process.wait(timeout=60) == 129
    assert list_runs()[0].is_alive()
