"""`streamstyle compare`: its files, its table, its JSON and its errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest

from streamstyle.cli.main import exit_code
from tests.films import pan, png, texture, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path, strong=True)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.mkv", pan(frames=7).frames, audio=True)


def run_command(capfd: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    """The events that the command prints as JSON, and nothing else."""
    assert exit_code(["compare", *map(str, arguments), "--flow-reference", "ultrafast", "--json"]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_the_command_writes_film_report_and_archive(
    film: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mkv"
    events = run_command(capfd, film, "--style", style, "--methods", "johnson,live", "-o", output, "--range", "0-0.2")
    names = [event["event"] for event in events]
    assert (names[-1], names.count("method_finished"), names.count("frame_measured")) == ("compared", 2, 5)
    assert "finished" not in names, "only a run ends with it"
    compared = events[-1]
    assert compared["frames"] == 5
    assert compared["report"] == str(tmp_path / "out.html")
    assert [film["name"] for film in compared["films"]] == ["source", "johnson", "live", "blurred", "frozen"]
    with av.open(str(output)) as container:
        assert len(list(container.decode(video=0))) == 5
    assert (tmp_path / "out.html").read_text().startswith("<!doctype html>")
    assert len(list((tmp_path / "out.parts").glob("*.mkv"))) == 2


def test_the_command_prints_a_table(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    call = [
        "compare",
        str(film),
        "--style",
        str(style),
        "--methods",
        "johnson,live",
        "--flow-reference",
        "fast",
        "--no-film",
    ]
    assert exit_code(call) == 0
    lines = capfd.readouterr().err.splitlines()
    assert any(line.split()[:2] == ["johnson", "1"] for line in lines)
    assert lines[-1] == f"→ {film.with_name('film.compare.html')}"
    assert not film.with_name("film.compare.mkv").exists()
    assert exit_code(call) == 4
    assert "film.compare.html exists already" in capfd.readouterr().err


def test_ruder_requires_the_style_image_before_any_method_runs(
    film: Path, style: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events = run_command(capfd, film, "--style", style, "--methods", "johnson,ruder:iterations=1", code=5)
    assert [event["event"] for event in events] == ["failed"]
    assert "--style-image" in events[0]["next_step"]
    assert not film.with_name("film.compare.parts").exists()


def test_style_loss_is_measured_if_the_style_is_an_image(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiles.png").write_bytes(png(texture(96, 80, seed=9)))
    options = ["--methods", "johnson,ruder:iterations=1:first-iterations=1", "--range", "0-0.1", "--no-film"]
    compared = run_command(capfd, film, "--style", tmp_path / "tiles.png", *options)[-1]
    assert all(film["metrics"]["style"] > 0 for film in compared["films"])


def test_invalid_arguments_are_an_error_before_any_work(
    film: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    invalid: list[tuple[list[str | Path], int]] = [(["--methods", "fancy"], 2), (["--style-image", "nothing"], 5)]
    invalid += [(["-o", film], 4), (["-o", film.with_name("all.webm")], 4)]
    for arguments, code in invalid:
        assert run_command(capfd, film, "--style", style, *arguments, code=code)[-1]["event"] == "failed"
    for reference, code in (("slow", 2), (str(tmp_path), 3)):
        assert exit_code(["compare", str(film), "--style", str(style), "--flow-reference", reference]) == code
    assert sorted(path.name for path in tmp_path.iterdir()) == before
