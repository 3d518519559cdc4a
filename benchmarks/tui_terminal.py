"""The terminal UI in a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence

import psutil


class TuiTerminal:
    """`streamstyle tui` in a pseudo-terminal: reads what is drawn, and types keys."""

    def __init__(self, arguments: Sequence[str], columns: int = 120, rows: int = 40) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        command = [sys.executable, "-m", "streamstyle", "tui", *arguments]
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment
        )
        os.close(slave)
        self._psutil_process = psutil.Process(self._process.pid)
        self.bytes_drawn = 0
        """Bytes that the program has sent."""

    def cpu_seconds(self) -> float:
        """Return the CPU time of the terminal UI, without the run that it started."""
        times = self._psutil_process.cpu_times()
        return times.user + times.system

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def seconds_until(self, text: str, timeout: float = 120.0) -> float:
        """Read what is drawn until the text is in it, and return the seconds it took."""
        start, wanted, drawn = time.perf_counter(), text.encode(), b""
        while wanted not in drawn:
            assert time.perf_counter() - start < timeout, f"{text!r} did not appear; last {drawn[-2000:]!r}"
            drawn = drawn[-len(wanted) :] + self._read(0.5)
        return time.perf_counter() - start

    def drain(self, seconds: float) -> None:
        """Read what is drawn for a time."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def close(self) -> int:
        """Wait for the program to end, and return its exit code."""
        while self._process.poll() is None:
            self._read(0.1)
        os.close(self._master)
        return self._process.returncode

    def _read(self, timeout: float) -> bytes:
        if not select.select([self._master], [], [], timeout)[0]:
            return b""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the program has ended
            return b""
        self.bytes_drawn += len(data)
        return data
