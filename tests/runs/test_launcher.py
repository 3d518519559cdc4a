"""A run is started as a process, and what it prints is read without harm to the terminal."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from streamstyle.events import Failed
from streamstyle.runs.folder import RunFolder
from streamstyle.runs.launcher import (
    RunProcess,
    RunRequest,
    last_printed_event,
    read_last_lines,
    start_run,
    strip_escapes,
)
from tests.tui import fake_run


def wait_for_exit(process: RunProcess) -> int:
    while (code := process.exit_code()) is None:
        time.sleep(0.02)
    return code


def test_a_run_that_fails_before_it_has_a_folder_says_why_on_stdout(tmp_path: Path) -> None:
    request = RunRequest(("film.mkv", "-o", "out.mkv", "--refuse"), Path("film.mkv"), Path("out.mkv"))
    process = start_run(request, RunFolder(tmp_path / "run"), (sys.executable, "-m", fake_run.__name__))
    assert wait_for_exit(process) == 5
    assert isinstance(last_printed_event(process.folder), Failed)


def test_a_killed_run_has_the_exit_code_that_a_shell_gives_it(tmp_path: Path) -> None:
    request = RunRequest(("film.mkv", "-o", str(tmp_path / "out.mkv")), Path("film.mkv"), tmp_path / "out.mkv")
    process = start_run(request, RunFolder(tmp_path / "run"), (sys.executable, "-m", fake_run.__name__))
    assert process.exit_code() is None
    process.kill()
    assert wait_for_exit(process) == 128 + signal.SIGKILL


def test_encoder_output_is_stripped_of_everything_a_terminal_obeys(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    log.write_bytes(fake_run.STDERR_NOISE)
    assert read_last_lines(log) == ["frame= 2", "��[bold]no markup[/]"]


def test_colours_and_cursor_movements_are_removed() -> None:
    assert strip_escapes("\x1b[31mred\x1b[0m \x1b]0;title\x07plain\tend") == "red plain    end"
    assert strip_escapes("dangerous\u202eelif") == "dangerous�elif"


def test_of_a_long_log_the_last_lines_are_read(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    log.write_text("".join(f"line {number}\n" for number in range(100_000)))
    assert read_last_lines(log, 2) == ["line 99998", "line 99999"]
    assert read_last_lines(tmp_path / "none") == []
