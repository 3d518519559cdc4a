"""A scheduler, workers and runs in processes of their own, started as a user would start them, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "100",
}


def start(*command: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *command], env=ENVIRONMENT, start_new_session=True, **options)


def wait_until(holds: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    for each in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
        each.kill()
    process.kill()
    process.wait()


class ClusterProcesses:
    """A scheduler and workers on loopback, from the engine's own commands."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.scheduler_file = folder / "scheduler.json"
        self._workers = workers
        self._start()

    def __enter__(self) -> ClusterProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self._worker_commands, self.scheduler):
            end(process)

    def _start(self) -> None:
        file = str(self.scheduler_file)
        self.scheduler = start("dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                               "--scheduler-file", file)  # fmt: skip
        wait_until(self.scheduler_file.exists)
        command = ("dask", "worker", "--scheduler-file", file, "--nthreads", "1", "--no-dashboard")
        self._worker_commands = [start(*command) for _ in range(self._workers)]

    def painters(self) -> list[psutil.Process]:
        """The processes that paint, which the engine starts again where they die."""
        found = []
        for command in self._worker_commands:
            if command.poll() is None:
                children = psutil.Process(command.pid).children(recursive=True)
                found += [each for each in children if is_painter(each)]
        return found

    def restart_after_kill(self) -> None:
        """Kill the scheduler, whose workers leave then, and start all of them again."""
        self.__exit__()
        self.scheduler_file.unlink()
        self._start()


def is_painter(process: psutil.Process) -> bool:
    """Whether it is a process that the engine starts for a worker."""
    try:
        return any("spawn_main" in part for part in process.cmdline())
    except psutil.Error:
        return False
