"""Starting `streamstyle run` as a process of its own, which outlives the terminal, and reading what it prints."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from streamstyle.events import Failed, Finished, Stopped
from streamstyle.files import is_own, parse_json_object
from streamstyle.formatting import sanitise
from streamstyle.runs.folder import RunFolder, new_run_folder
from streamstyle.runs.state import parse_event

PROGRAM = (sys.executable, "-m", "streamstyle")

_TEMPORARY_PREFIX = "streamstyle-run-"

_TAIL_BYTES = 16_384
"""Bytes at the end of a log that are read."""

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")
"""ANSI escape sequences: CSI, OSC and two-character ones."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that has not been started."""

    arguments: tuple[str, ...]
    """Those of `streamstyle run`, after the word `run`: `("movie.mkv", "--style", "wave", "-o", "out.mkv")`."""
    video: Path
    output: Path
    """The output that the arguments name, or the default one."""

    @property
    def overwrites(self) -> bool:
        """Whether an existing output is replaced without a question."""
        return any(argument in ("-y", "--yes") for argument in self.arguments)


class RunProcess:
    """The process of a `streamstyle run` that was started here."""

    def __init__(self, process: subprocess.Popen[bytes], folder: RunFolder) -> None:
        self._process = process
        self.folder = folder

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return the exit code, 128 + N after signal N as in a shell; None while the process is running."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    def kill(self) -> None:
        """Kill the process; what was written stays under its partial name."""
        self._process.kill()


def last_printed_event(folder: RunFolder) -> Finished | Stopped | Failed | None:
    """Return the last event that ended the run as printed on standard output; None if it was not started here.

    It says what `events.jsonl` cannot: why there is no folder, and that a command on the complete output has failed.
    """
    for line in reversed(read_last_lines(folder.stdout_log)):
        if isinstance(event := parse_event(parse_json_object(line)), Finished | Stopped | Failed):
            return event
    return None


def create_run_folder(request: RunRequest) -> tuple[RunFolder, str]:
    """Return a new folder for the run, and a warning if the state folder of the system cannot be written."""
    try:
        folder = new_run_folder(request.video)
        folder.make_private()
    except OSError as error:
        temporary = _temporary_run_folder()
        problem = f"{error.filename} cannot be written ({error.strerror})"
        return temporary, f"{problem}; the run's folder is {temporary.path}"
    return folder, ""


def start_run(request: RunRequest, folder: RunFolder, program: Sequence[str] = PROGRAM) -> RunProcess:
    """Start the run with that folder. Raises OSError if the process or the folder cannot be created."""
    folder.make_private()
    command = [*program, "run", *request.arguments, "--json", "--run-folder", str(folder.path)]
    with folder.stdout_log.open("wb") as stdout, folder.stderr_log.open("ab") as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True, close_fds=True
        )
    return RunProcess(process, folder)


def user_arguments(arguments: Sequence[str]) -> list[str]:
    """Return a run's arguments without those that `start_run` adds, and without `--restart`, which discards frames."""
    words = [word for word in arguments if word not in ("--json", "--restart")]
    if "--run-folder" in words:
        at = words.index("--run-folder")
        del words[at : at + 2]
    return words


def read_last_lines(path: Path, limit: int = 200) -> list[str]:
    """Return the last non-empty lines of a log, fit for a terminal; an empty list if the file cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [strip_escapes(line) for line in text.split("\n")]
    return [line for line in lines if line][-limit:]


def strip_escapes(line: str) -> str:
    """Return a line without escape sequences, control characters and marks of the direction of writing.

    Of a progress line, rewritten in place with carriage returns, only the last state is returned.
    """
    last = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    return sanitise(last.replace("\t", "    ")).rstrip()


def _temporary_run_folder() -> RunFolder:
    """Return a new folder among the system's temporary files; removes those of ended runs."""
    for path in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY_PREFIX}*"):
        with suppress(OSError):  # others have theirs there, too
            if is_own(path) and (folder := RunFolder(path)).exists() and not folder.is_alive():
                shutil.rmtree(path, ignore_errors=True)
    return RunFolder(Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX)))
