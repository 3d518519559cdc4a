"""`streamstyle demo`: both films, its text and its JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from streamstyle.cli.main import exit_code
from tests.films import pan, write_film
from tests.video_io import random_style, read_video

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The demo with a film of five frames."""
    monkeypatch.setattr("streamstyle.cli.demo.DEMO_FILM", write_film(tmp_path / "short.mkv", pan(5).frames))
    return ["demo", "--style", str(random_style(tmp_path)), "-o", str(tmp_path / "demo")]


def test_the_demo_prints_the_paths_of_both_films_and_the_speed(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(arguments) == 0
    text = capfd.readouterr().out
    source, output = tmp_path / "demo" / "landscape.mkv", tmp_path / "demo" / "landscape.nonsense.mkv"
    assert len(read_video(source)[1]) == len(read_video(output)[1]) == 5
    assert re.search(rf"film +{source} ", text)
    assert re.search(rf"output +{output} +in 0:\d\d, [\d.]+ (fps|s/frame)", text)


def test_the_demo_prints_the_events_of_its_run_as_json(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code([*arguments, "--json"]) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert events[-1]["event"] == "finished"


def test_a_file_in_place_of_the_folder_and_a_film_of_ones_own_are_kept(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "demo"
    folder.write_bytes(b"a file")
    assert exit_code(arguments) == 4
    assert "cannot be created (File exists). Give another folder with -o." in capfd.readouterr().err
    folder.unlink()
    folder.mkdir()
    (folder / "landscape.mkv").write_bytes(b"my own")
    assert exit_code(arguments) == 4
    assert (folder / "landscape.mkv").read_bytes() == b"my own"
