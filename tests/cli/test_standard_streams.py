"""Standard streams that are closed, or that cannot be written to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamstyle.cli.console import print_json
from streamstyle.cli.standard_streams import discard
from streamstyle.errors import OutputError, SettingsError
from streamstyle.events import Warned

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs /dev/full")

_PROGRAM = """
import os, sys
from streamstyle.cli.standard_streams import open_closed_streams
open_closed_streams()
written = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print("to standard output"); print("to standard error", file=sys.stderr); os.write(2, b"from a library")
sys.exit(written)
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_file_opened_later_does_not_get_the_number_of_a_closed_stream(tmp_path: Path, closed: str) -> None:
    path = tmp_path / "film.mkv"
    command = f'exec "$0" -c "$1" "$2" {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable, _PROGRAM, str(path)], check=False, timeout=120)
    assert done.returncode > 2
    assert path.read_bytes() == b""


@pytest.mark.parametrize("arguments", [["styles"], ["styles", "--json"], ["--version"], ["run", "--help"]])
def test_standard_output_on_a_full_disk_is_one_line_and_exit_code_4(home: Path, arguments: list[str]) -> None:
    """The whole process: Python itself writes what is left when it ends, and must not change the exit code."""
    done = run_on_full_disk(arguments, subprocess.PIPE)
    assert done.returncode == OutputError.exit_code
    (line,) = done.stderr.splitlines()
    assert line == "streamstyle: error: nothing more can be written (No space left on device). Free some space."


def test_a_json_event_that_cannot_be_written_is_an_output_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", open("/dev/full", "w"))  # noqa: PTH123, SIM115
        with pytest.raises(OutputError, match=r"standard output cannot be written to \(No space left on device\)"):
            print_json(Warned("x"))
        discard("stdout")


def test_an_error_that_cannot_be_written_as_json_is_a_line(home: Path) -> None:
    done = run_on_full_disk(["run", "--json"], subprocess.PIPE)
    assert done.returncode == SettingsError.exit_code
    (line,) = done.stderr.splitlines()
    assert "Missing argument 'MOVIE" in line


def test_where_both_streams_are_full_the_exit_code_tells(home: Path) -> None:
    assert run_on_full_disk(["styles"], subprocess.STDOUT).returncode == OutputError.exit_code


def run_on_full_disk(arguments: list[str], stderr: int) -> subprocess.CompletedProcess[str]:
    """Run the command line with standard output on a full disk."""
    with open("/dev/full", "w") as full:  # noqa: PTH123
        command = [sys.executable, "-m", "streamstyle", *arguments]
        return subprocess.run(command, stdout=full, stderr=stderr, text=True, check=False, timeout=100)
