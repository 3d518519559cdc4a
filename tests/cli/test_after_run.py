"""`--exec` and `--notify`."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from streamstyle.cli.after_run import fill_in, notify
from streamstyle.cli.main import exit_code
from tests.films import pan, write_film
from tests.video_io import random_style

pytestmark = [
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(os.name != "posix", reason="shells as POSIX has them"),
]

FAST = ("--method", "johnson", "--preset", "ultrafast", "--device", "cpu")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film whose name a shell must not see bare."""
    return write_film(tmp_path / "a $(touch injected) 'b'.mp4", pan(frames=3).frames)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("ls -l {}", "ls -l 'a b.mkv'"),
        ("ls", "ls 'a b.mkv'"),
        ("cmp {} {movie} ${X}", "cmp 'a b.mkv' '{}.mp4' ${X}"),
        ("cp {} {}.bak", "cp 'a b.mkv' 'a b.mkv'.bak"),
    ],
)
def test_paths_are_quoted_where_they_are_wanted(command: str, line: str) -> None:
    assert fill_in(command, "a b.mkv", "{}.mp4") == line


def test_a_path_is_never_an_option() -> None:
    assert fill_in("rm {}", "-rf.mkv", "a.mkv") == "rm ./-rf.mkv"


def test_a_command_gets_the_complete_output_and_may_print(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = 'test -s {} && basename {} && printf "%s" {movie} > seen'
    arguments = [str(film), "-s", str(random_style(tmp_path)), *FAST, "--json", "--exec", command]
    assert exit_code(["run", *arguments]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out.splitlines()[-1])["event"] == "finished"
    assert printed.err == f"{film.stem}.nonsense.johnson.mkv\n"
    assert (tmp_path / "seen").read_text() == str(film)
    assert not (tmp_path / "injected").exists()


def test_a_command_that_fails_is_said_and_the_output_stays(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", str(film), "-s", str(random_style(tmp_path)), *FAST]
    assert exit_code([*arguments, "-q", "--exec", "exit 3 #"]) == 7
    printed = capfd.readouterr().err
    assert printed.startswith("streamstyle: error: the command of --exec failed with exit code 3: exit 3 # '")
    assert printed.endswith("mkv is complete.\n")
    assert film.with_name(f"{film.stem}.nonsense.johnson.mkv").is_file()
    assert exit_code([*arguments, "-y", "--exec", "kill -INT $$ #"]) == 130
    assert exit_code([*arguments, "-y", "--strength", "7", "--exec", f"touch {tmp_path / 'ran'} #"]) == 2
    assert not (tmp_path / "ran").exists()
    assert exit_code([*arguments, "-o", "-", "--exec", "ls"]) == 2
    assert "--exec needs an output that is a file" in capfd.readouterr().err


def test_with_several_films_it_runs_for_each_and_a_film_whose_command_failed_is_finished(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = write_film(tmp_path / "other.mp4", pan(frames=3).frames)
    log = tmp_path / "log"
    arguments = ["run", str(film), str(other), "-s", str(random_style(tmp_path)), *FAST, "--json"]
    assert exit_code([*arguments, "--exec", f"basename {{}} >> {log}; case {{}} in *other*) exit 1; esac"]) == 7
    assert log.read_text() == f"{film.stem}.nonsense.johnson.mkv\nother.nonsense.johnson.mkv\n"
    ended = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert [each["state"] for each in ended["films"]] == ["finished", "finished"]
    assert ended["films"][1]["output"] == str(other.with_name("other.nonsense.johnson.mkv"))
    assert "--exec failed" in ended["films"][1]["problem"]


# --------------------------------------------------------------------------------------------------------------- notify


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a program that shows notifications."""
    log, program = tmp_path / "notes", tmp_path / "bin" / "notify-send"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {log}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    log.touch()
    return log


def test_the_end_is_notified_of_whether_good_or_bad(film: Path, tmp_path: Path, desktop: Path) -> None:
    arguments = ["run", str(film), "-s", str(random_style(tmp_path)), *FAST, "-q", "--notify"]
    assert exit_code(arguments) == 0
    assert desktop.read_text() == f"--app-name=streamstyle|--|streamstyle|{film.name}: done|"
    desktop.write_text("")
    assert exit_code(arguments) == 4
    assert desktop.read_text() == f"--app-name=streamstyle|--|streamstyle|{film.name}: failed|"
    desktop.write_text("")
    assert exit_code([*arguments[:-1], "-y"]) == 0
    assert desktop.read_text() == ""


@pytest.mark.parametrize(
    ("term", "written"), [("xterm-256color", "\x1b]9;film�: done\x07\a"), ("linux", "\a"), ("dumb", "\a")]
)
def test_a_terminal_rings_its_bell(
    term: str, written: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("TERM", term)
    notify("film: done")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    notify("film\x1b: done")
    assert capsys.readouterr().err == written
