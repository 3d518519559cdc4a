from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streamstyle.cli.main import exit_code
from tests.films import pan, png, texture, write_film
from tests.video_io import read_video

pytestmark = pytest.mark.usefixtures("home")

QUICK_TRAINING = ["--steps", "2", "--batch", "1", "--crop", "64", "--style-size", "64", "--json"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "painting.png"
    path.write_bytes(png(texture(80, 80, seed=9)))
    return path


def run(capfd: pytest.CaptureFixture[str], film: Path, style: str | Path, *options: str) -> list[dict[str, Any]]:
    """Return the events of a run with the method `johnson`."""
    assert exit_code(["run", str(film), "--style", str(style), "--method", "johnson", "--json", *options]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_styles_lists_the_built_in_styles(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["styles", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"wave", "starry_night", "composition_vii"} <= {style["name"] for style in listed}
    assert all(style["builtin"] and style["title"] and style["artist"] for style in listed)
    assert exit_code(["styles"]) == 0
    assert "Hokusai" in capsys.readouterr().out


@pytest.mark.slow
def test_a_learned_style_replaces_the_predicted_one_of_its_image(
    tmp_path: Path, image: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    film, output = write_film(tmp_path / "film.mp4", pan(frames=5).frames), tmp_path / "film.painting.johnson.mkv"
    assert run(capfd, film, image)[0]["style"] == "painting"
    assert len(read_video(output)[1]) == 5
    predicted = output.read_bytes()
    assert exit_code(["learn", str(image), *QUICK_TRAINING]) == 0
    capfd.readouterr()
    renamed = image.rename(image.with_name("renamed.png"))
    assert run(capfd, film, renamed, "-y")[0]["style"] == "painting", "an image is known by its content"
    assert output.read_bytes() != predicted
    assert run(capfd, film, "painting", "-y")[-1]["event"] == "finished"


@pytest.mark.slow
def test_a_style_is_learned_under_a_name_and_once_only(image: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["learn", str(image), "--name", "mine", *QUICK_TRAINING]) == 0
    learned = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert learned["style"] == "mine"
    assert exit_code(["learn", str(image), *QUICK_TRAINING]) == 5
    assert "mine" in json.loads(capfd.readouterr().out)["problem"]
    assert exit_code(["learn", str(image), "-y", "--start", "mine", *QUICK_TRAINING]) == 0
    path = Path(learned["path"])
    assert path.parent.name == "styles"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_learn_names_an_image_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["learn", "missing.jpg"]) == 5
    assert "missing.jpg" in capsys.readouterr().err
