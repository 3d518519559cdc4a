"""`run` of several films, one after the other."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.cli.many_films import FilmResult, FilmsEnded, find_films, summary
from streamstyle.runs.folder import list_runs
from streamstyle.runs.status import earlier_arguments
from tests.films import pan, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")

FAST = ("--method", "johnson", "--preset", "ultrafast", "--device", "cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two films, a text that is called like a film, and a picture."""
    folder = tmp_path / "films"
    folder.mkdir()
    write_film(folder / "a2.mp4", pan(frames=3).frames)
    write_film(folder / "a10.mp4", pan(frames=4).frames)
    (folder / "broken.mkv").write_text("no film")
    (folder / "poster.jpg").write_text("no picture")
    return folder


def run(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and the events of a run with --json."""
    code = exit_code(["run", *map(str, arguments), *FAST, "--json"])
    return code, [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def states(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    assert events[-1]["event"] == "films_ended"
    return [(Path(film["video"]).name, film["state"]) for film in events[-1]["films"]]


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


# ---------------------------------------------------------------------------------------------------------------- films


def test_a_folder_stands_for_its_films_in_natural_order(tmp_path: Path) -> None:
    first, second, third = touch(tmp_path, "a2.mkv", "a10.mkv", "b.mp4")
    touch(tmp_path, ".hidden.mkv", "notes.txt", "poster.jpg")
    (tmp_path / "sub.mkv").mkdir()
    assert find_films([tmp_path], lambda: "wave") == [first, second, third]
    assert find_films([third, tmp_path, first], lambda: "wave") == [third, first, second]


def test_outputs_in_a_folder_are_not_films_of_it(tmp_path: Path) -> None:
    films = touch(tmp_path, "a.mkv", "a.part2.mkv", "b.mkv")
    touch(tmp_path, "a.wave.mkv", "a.wave.live.360p.mp4", "a.wave+nonsense.mkv", "a.my.mkv", "a.part2.my.10s.mkv")
    touch(tmp_path, "b.compare.mkv", "b.unknown.partial.mkv", "b.unknown.partial.earlier.mkv")
    assert find_films([tmp_path], lambda: "my+nonsense") == films


def test_a_style_with_dots_in_its_name_is_recognised_in_an_output(tmp_path: Path) -> None:
    films = touch(tmp_path, "a.mkv", "a.my.mkv")
    touch(tmp_path, "a.my.photo.mkv", "a.my.photo.johnson.mkv")
    assert find_films([tmp_path], lambda: "my.photo") == films


def test_a_folder_with_more_images_than_films_is_an_image_sequence(tmp_path: Path) -> None:
    touch(tmp_path, "1.png", "2.png", "preview.mp4")
    paths = [tmp_path, Path("-"), Path("missing.mkv")]
    assert find_films(paths, lambda: "wave") == paths


# ----------------------------------------------------------------------------------------------------------------- runs


def test_one_that_fails_does_not_hold_up_the_rest_and_what_is_there_stays(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    style, out = random_style(tmp_path), tmp_path / "out"
    out.mkdir()
    (out / "a2.nonsense.johnson.mkv").write_bytes(b"precious")
    code, events = run(capfd, folder / "broken.mkv", folder, "-s", style, "-o", out)
    assert code == 3
    assert states(events) == [("broken.mkv", "failed"), ("a2.mp4", "exists"), ("a10.mp4", "finished")]
    assert [event["event"] for event in events if event["event"] in ("failed", "finished")] == ["failed", "finished"]
    assert "broken.mkv" in events[-1]["films"][0]["problem"]
    assert events[-1]["films"][2]["output"] == str(out / "a10.nonsense.johnson.mkv")
    assert (out / "a2.nonsense.johnson.mkv").read_bytes() == b"precious"
    code, events = run(capfd, folder / "a2.mp4", folder / "a10.mp4", "-s", style, "-o", out, "-y")
    assert (code, states(events)) == (0, [("a2.mp4", "finished"), ("a10.mp4", "finished")])
    results = (FilmResult("a.mkv", "a.p.mkv", "stopped", "after 5 frames"), FilmResult("b.mkv"))
    assert summary(FilmsEnded(results, 61.0), ["--yes"])[1:] == [
        "2 films in 1:01: 1 stopped, 1 not begun",
        "  a.mkv → a.p.mkv: stopped after 5 frames",
        "  b.mkv: not begun",
        "the same command without --yes goes on with a.mkv",
    ]


def test_each_has_a_run_folder_that_resumes_it_alone(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.mkv").unlink()
    style = random_style(tmp_path)
    assert run(capfd, folder, "-s", style, "--crf", "20")[0] == 0
    commands = [run.command() for run in list_runs()]
    own = ["--crf", "20", "--method", "johnson", "--preset", "ultrafast", "--device", "cpu"]
    assert sorted(Path(command[-1]).name for command in commands) == ["a10.mp4", "a2.mp4"]
    for command in commands:
        assert command[:3] == ["run", "--style", str(style)]
        assert set(own) <= set(command)
        assert str(folder) not in command


def test_a_summary_says_what_became_of_each(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", str(folder), "-s", str(random_style(tmp_path)), *FAST]) == 3
    printed = capfd.readouterr()
    assert printed.out == ""
    *_, total, first, second, third, hint = printed.err.splitlines()
    assert total.startswith("3 films in 0:")
    assert total.endswith(": 2 finished, 1 failed")
    assert (first, second) == (
        "  a2.mp4 → a2.nonsense.johnson.mkv: finished",
        "  a10.mp4 → a10.nonsense.johnson.mkv: finished",
    )
    assert third.startswith("  broken.mkv: failed: ")
    assert hint == "the same command goes on with broken.mkv"
    assert "film 2 of 3" in printed.err
    assert exit_code(["run", str(folder), "-s", str(random_style(tmp_path)), *FAST, "-q"]) == 3
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_ctrl_c_stops_the_film_and_those_after_it_and_the_same_command_goes_on(tmp_path: Path) -> None:
    style = random_style(tmp_path)
    film = write_film(tmp_path / "a.mp4", pan(frames=3).frames)
    long = write_film(tmp_path / "b.mp4", np.tile(pan(frames=25).frames, (40, 1, 1, 1)))
    last = write_film(tmp_path / "c.mp4", pan(frames=3).frames)
    command = [sys.executable, "-m", "streamstyle", "run", film, long, last, "-s", style, *FAST, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "frame_written" and events[-1]["frame"] == 20:
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert states(events) == [("a.mp4", "finished"), ("b.mp4", "stopped"), ("c.mp4", "waiting")]
    assert earlier_arguments(tmp_path / "b.nonsense.johnson.mkv")[-1] == str(long)
    again = subprocess.run([*command, "--dry-run"], stdout=subprocess.PIPE, text=True, check=True)
    planned = [json.loads(line) for line in again.stdout.splitlines()]
    assert planned[0]["resumed_frames"] >= 20


def test_a_dry_run_plans_each_and_adds_them_up(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    style = random_style(tmp_path)
    before = sorted(folder.iterdir())
    assert exit_code(["run", str(folder), "-s", str(style), *FAST, "--dry-run"]) == 3
    printed = capfd.readouterr()
    assert printed.out.count("\nframes ") == 2
    assert printed.out.splitlines()[-1].startswith("2 films   about ")
    assert "broken.mkv" in printed.err
    code, events = run(capfd, folder, "-s", style, "--dry-run")
    assert (code, [event["event"] for event in events]) == (3, ["planned", "planned", "failed"])
    assert sorted(folder.iterdir()) == before
    (folder / "a2.nonsense.johnson.mkv").touch()
    two = ["run", str(folder / "a2.mp4"), str(folder / "a10.mp4"), "-s", str(style), *FAST, "--dry-run"]
    assert exit_code(two) == 0
    printed = capfd.readouterr().out
    assert "a2.nonsense.johnson.mkv exists already" in printed
    assert printed.splitlines()[-1].startswith("1 film   about ")
    (folder / "a10.nonsense.johnson.mkv").touch()
    assert exit_code(two) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "nothing to do: every output exists already"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "out.mkv"], "-o out.mkv is one name for 3 films"),
        (["-o", "-"], "-o - is one name for 3 films"),
        (["-o", "{style}.mkv"], "is one name for 3 films"),
        (["-"], "standard input is one film among several"),
        (["--keyframe", "0=a.png"], "--keyframe is about one film, not 3"),
        (["--script", "film.toml"], "is about one film, not 3"),
        (["--run-folder", "folder"], "--run-folder is for one film"),
        (["-o", "{stem:.1}.mkv"], "would both be written to a.mkv"),
        (["--strength", "2"], "--strength cannot be 2"),
        (["-o", "{stam}.mkv"], "Did you mean {stem}?"),
    ],
)
def test_what_makes_no_sense_with_many_films_is_refused_before_the_first(
    folder: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert exit_code(["run", str(folder), "--style", "wave", *arguments]) == 2
    printed = capfd.readouterr()
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert list_runs() == []
