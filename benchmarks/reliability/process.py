"""Runs `streamstyle` in processes that can be killed: forked with everything imported, or from the command line."""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HANG_SECONDS = 60.0
"""A process that takes longer, not counting time in which it waits for a core, is taken for one that hangs."""

_IMPORTED = ["streamstyle.cli.main", "streamstyle.pipeline", "streamstyle.runs.monitor"]
_EXIT_INTERNAL = 70

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(_IMPORTED)


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    """Exit code, or minus the number of the signal that ended it."""
    hung: bool
    events: list[dict[str, Any]]
    """What it printed on standard output."""
    errors: str
    """What it printed on standard error."""

    @property
    def crashed(self) -> bool:
        """Whether it ended by a fault of the program, or by a signal that nobody sent."""
        return self.code == _EXIT_INTERNAL or self.code in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS)

    @property
    def words(self) -> list[str]:
        """The errors and warnings that a user would have read."""
        said = [event.get("problem") or event.get("message") for event in self.events]
        return [text for text in said if text] + self.errors.splitlines()


class Program:
    """One `streamstyle` process, with its files in a folder of its own."""

    def __init__(self, arguments: Sequence[str], folder: Path, *, from_command_line: bool = False) -> None:
        """Start it. `folder` gets what it prints, and is its home."""
        folder.mkdir(parents=True, exist_ok=True)
        self._stdout, self._stderr = folder / "stdout", folder / "stderr"
        for file in (self._stdout, self._stderr):
            file.write_bytes(b"")
        home = {"HOME": str(folder)} | {
            f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("DATA", "CACHE", "STATE", "CONFIG")
        }
        self._process: subprocess.Popen[bytes] | multiprocessing.process.BaseProcess
        if from_command_line:
            with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
                command = [sys.executable, "-m", "streamstyle", *arguments]
                self._process = subprocess.Popen(
                    command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env=os.environ | home
                )
        else:
            self._process = _forks.Process(target=_run, args=(list(arguments), home, self._stdout, self._stderr))
            self._process.start()
        self._start = time.monotonic()

    def frames_written(self) -> int:
        """Return how many frames it has reported."""
        return self._stdout.read_bytes().count(b'"frame_written"')

    def is_running(self) -> bool:
        """Return whether it has not ended."""
        return self._exit_code() is None

    def seconds(self) -> float:
        """Return how long it has been running, without the time in which other processes had the cores."""
        elapsed = time.monotonic() - self._start
        if elapsed < HANG_SECONDS:
            return elapsed
        try:
            waited = Path(f"/proc/{self._process.pid}/schedstat").read_text(encoding="ascii").split()[1]
        except OSError:  # no Linux, or it has just ended
            return elapsed
        return elapsed - int(waited) / 1e9

    def kill(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self._process.pid is not None and self.is_running():
            os.kill(self._process.pid, number)

    def wait(self, patience: float = HANG_SECONDS) -> Ended:
        """Wait for its end; kill it if it takes so many seconds."""
        while (code := self._exit_code()) is None and self.seconds() < patience:
            time.sleep(0.01)
        hung = code is None
        if hung:
            self._process.kill()
            self._process.wait() if isinstance(self._process, subprocess.Popen) else self._process.join()
            code = -signal.SIGKILL
        lines = self._stdout.read_text(encoding="utf-8", errors="replace").splitlines()
        events = [event for line in lines if (event := _parse(line)) is not None]
        return Ended(code or 0, hung, events, self._stderr.read_text(encoding="utf-8", errors="replace"))

    def _exit_code(self) -> int | None:
        return self._process.poll() if isinstance(self._process, subprocess.Popen) else self._process.exitcode


def run_program(
    arguments: Sequence[str], folder: Path, *, from_command_line: bool = False, patience: float = HANG_SECONDS
) -> Ended:
    """Run it to its end, or for so many seconds."""
    return Program(arguments, folder, from_command_line=from_command_line).wait(patience)


def _parse(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:  # the last line of a process that was killed
        return None
    return event if isinstance(event, dict) else None


def _run(arguments: list[str], home: dict[str, str], stdout: Path, stderr: Path) -> None:
    """The body of a forked process: what `python -m streamstyle` does after its imports."""
    os.environ.update(home)
    for file, number in ((stdout, 1), (stderr, 2)):
        opened = os.open(file, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    stacks = stderr.with_name("stacks").open("w", encoding="utf-8")
    faulthandler.dump_traceback_later(HANG_SECONDS - 5, file=stacks)
    from streamstyle.cli.main import main  # noqa: PLC0415

    main(arguments)
