"""The run itself: a process of its own, which a closed terminal does not take along."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamstyle.events import Failed, Finished, Stopped
from streamstyle.formatting import sanitise
from streamstyle.runs.folder import RunFolder, new_run_folder
from streamstyle.runs.state import parse_event

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


def create_run_folder(request: RunRequest) -> tuple[RunFolder, str]:
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
    return folder.path / "stdout.log"


def _parse_line(line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that has not begun."""

    arguments: tuple[str, ...]
    """Those of `streamstyle run`, after the word `run`: `("movie.mkv", "--style", "wave", "-o", "out.mkv")`."""
    video: Path
    output: Path
    """Where the painting goes, as the arguments say or as it follows from them."""

    @property
    def overwrites(self) -> bool:
        """Whether an output that exists may be replaced without another question."""
        return any(argument in ("-y", "--yes") for argument in self.arguments)


_TAIL_BYTES = 16_384
"""Bytes of a file's end that are looked at."""

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")


def read_last_lines(path: Path, most: int = 200) -> list[str]:
    """Return the last lines of a file that are not empty, as they can be shown; none where there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [strip_escapes(line) for line in text.split("\n")]
    return [line for line in lines if line][-most:]


def strip_escapes(line: str) -> str:
    """Return a line without what would move a terminal's cursor, change its colours or turn its text around.

    Of a line that was rewritten in place with carriage returns, what was there last.
    """
    last = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    return sanitise(last.replace("\t", "    ")).rstrip()
