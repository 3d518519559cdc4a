"""The run itself: a process of its own, which a closed terminal does not take along."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from streamstyle.events import Failed, Finished, Stopped
from streamstyle.run_folder import RunFolder, new_run_folder
from streamstyle.runs.state import parse_event
from streamstyle.tui.request import RunRequest
from streamstyle.tui.words import read_last_lines

PROGRAM = (sys.executable, "-m", "streamstyle")

_TEMPORARY_PREFIX = "streamstyle-run-"


class RunProcess:
    """A `streamstyle run` that was started here."""

    def __init__(self, process: subprocess.Popen[bytes], folder: RunFolder) -> None:
        self._process = process
        self.folder = folder

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return what the process ended with, 128 + N where signal N ended it, as a shell does; None while it runs."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    def kill(self) -> None:
        """End the process at once; what was written stays under its partial name."""
        self._process.kill()

    def end_event(self) -> Finished | Stopped | Failed | None:
        """Return how it said that it ended on its standard output, for a folder may come to be full or never be."""
        for line in reversed(read_last_lines(_stdout_log(self.folder))):
            if isinstance(event := parse_event(_parse_line(line)), Finished | Stopped | Failed):
                return event
        return None


def start_run(request: RunRequest, folder: RunFolder, program: Sequence[str] = PROGRAM) -> RunProcess:
    """Start a run that keeps the folder; raises OSError where the process or the folder cannot be made."""
    folder.path.mkdir(parents=True, exist_ok=True)
    command = [*program, "run", *request.arguments, "--json", "--run-folder", str(folder.path)]
    with folder.stderr_log.open("ab") as log, _stdout_log(folder).open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=log, start_new_session=True, close_fds=True
        )
    return RunProcess(process, folder)


def create_folder(request: RunRequest) -> tuple[RunFolder, str]:
    """Return where the run keeps its folder, and a warning where that cannot be in the system's state folder."""
    try:
        folder = new_run_folder(request.video)
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        spare = _temporary_run_folder()
        return RunFolder(spare), f"{error.filename} cannot be written ({error.strerror}); the run's folder is {spare}"
    return folder, ""


def _temporary_run_folder() -> Path:
    """Return a new folder among the system's temporary files; those of runs that have ended are removed."""
    for spare in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY_PREFIX}*"):
        if (spare / "run.json").is_file() and not RunFolder(spare).is_alive():
            shutil.rmtree(spare, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX))


def _stdout_log(folder: RunFolder) -> Path:
    return folder.path / "engine.out"


def _parse_line(line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
