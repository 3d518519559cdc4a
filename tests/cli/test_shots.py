"""`streamstyle shots`, and `run --script` with what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings, StyleSettings
from streamstyle.shot_list import find_shots
from streamstyle.styles.script import read_script
from streamstyle.styles.spec import parse_style
from tests.films import cut, flat, pan, png, texture, write_film

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Pans of 10 and 15 frames at 24 frames a second, so that the cut is at 0.41666… s."""
    return write_film(tmp_path / 'my "film".mp4', cut(pan(frames=10), pan(frames=15, seed=7)).frames, rate=24)


def test_the_shots_are_listed(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["shots", str(film)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "1  0:00.000 - 0:00.417  10 frames" in first
    assert "2  0:00.417 - 0:01.042  15 frames" in second
    assert exit_code(["shots", str(film), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["number"], row["start"], row["end"], row["frames"]) for row in rows] == [
        (1, 0, 0.417, 10),
        (2, 0.417, 1.042, 15),
    ]


def test_the_script_names_every_shot_and_can_be_run_as_it_is(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, sheet = tmp_path / "film.toml", tmp_path / "sheet.png"
    assert exit_code(["shots", str(film), "-o", str(script), "--sheet", str(sheet)]) == 0
    assert cv2.imread(str(tmp_path / "film.shots" / "0002.jpg")).shape[1] == 160
    assert cv2.imread(str(sheet)).shape[0] > 240, "one above the other"
    looks = read_script(script, parse_style("wave"), StyleSettings())
    assert [stretch.start for stretch in looks.stretches] == [0, 0.417]
    script.write_text(script.read_text() + 'style = "starry_night"\n')
    arguments = ["run", str(film), "--script", str(script), "--style", "wave", "--method", "johnson", "--size", "64x48"]
    capsys.readouterr()
    assert exit_code([*arguments, "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["frame"] for event in events if event["event"] == "shot_started"] == [0, 10]
    assert list(tmp_path.glob('my "film".film.*mkv'))


def test_a_script_that_exists_is_not_replaced_unless_asked_for(film: Path, tmp_path: Path) -> None:
    (tmp_path / "film.toml").write_text("mine")
    assert exit_code(["shots", str(film), "-o", str(tmp_path / "film.toml")]) == 4
    assert (tmp_path / "film.toml").read_text() == "mine"
    assert exit_code(["shots", str(film), "-o", str(tmp_path / "film.toml"), "-y"]) == 0


@pytest.mark.parametrize("output", ["film.mp4", "film", "none/film.toml"])
def test_outputs_that_cannot_be(film: Path, tmp_path: Path, output: str) -> None:
    assert exit_code(["shots", str(film), "-o", str(tmp_path / output)]) == 4


def test_the_picture_of_a_shot_is_from_its_middle(tmp_path: Path) -> None:
    """A film that grows brighter by a level a frame."""
    frames = np.concatenate([flat((level,) * 3, frames=1) for level in range(20, 170)])
    (shot,) = find_shots(probe(write_film(tmp_path / "film.mkv", frames), SourceSettings()))
    assert shot.frames == 150
    assert abs(float(shot.picture.mean()) - 95) < 12


def test_a_dry_run_knows_the_script(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "my own.toml"
    script.write_text('style = "wave"\n[[shot]]\nstart = 0.2\nstyle = "starry_night"')
    arguments = ["run", str(film), "--script", str(script), "--method", "johnson", "--size", "64x48"]
    assert exit_code([*arguments, "--dry-run", "--count"]) == 0
    rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert rows["shots"].startswith("3"), "one change at once, one cut"
    assert rows["style"] == "my_own, method johnson"


def test_a_run_needs_a_style_or_a_script(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", str(film)]) == 2
    assert "Give --style STYLE, --script FILE or" in capsys.readouterr().err
    (tmp_path / "film.toml").write_text('style = "wave"')
    assert exit_code(["run", str(film), "--script", str(tmp_path / "film.toml"), "--adapt", "5m"]) == 2
    assert "Leave out one of them." in capsys.readouterr().err


def test_a_run_with_a_mask(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mask.png").write_bytes(png(texture(40, 40)))
    arguments = ["run", str(film), "--style", "wave", "--method", "johnson", "--size", "64x48"]
    masked = [*arguments, "--mask", str(tmp_path / "mask.png"), "--outside", "original"]
    assert exit_code([*masked, "-o", str(tmp_path / "out.mkv")]) == 0
    assert (tmp_path / "out.mkv").exists()
    capsys.readouterr()
    for wrong, step in (
        (["--outside", "wave"], "Give --mask PATH, too."),
        (["--mask", str(tmp_path / "none.png")], "Give an image, a film or a folder of images"),
        ([*masked[-4:], "--method", "ruder"], "Give live, consistent or johnson."),
    ):
        assert exit_code([*arguments, *wrong, "-o", str(tmp_path / "new.mkv")]) == 2
        assert step in capsys.readouterr().err
    assert not (tmp_path / "new.mkv").exists()
