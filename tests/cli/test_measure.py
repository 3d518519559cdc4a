"""`streamstyle measure`: its table, its JSON and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from streamstyle.cli.main import exit_code
from tests.films import moving_square, still, write_film

SIZE = {"width": 128, "height": 96}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """A film that flickers by a fifth of the range, and its source."""
    frames = moving_square(6, **SIZE).frames
    brighter = 60 + frames.astype(int) // 2
    brighter[1::2] += 51
    stylised = write_film(tmp_path / "flicker.mkv", brighter.astype(np.uint8))
    return str(stylised), str(write_film(tmp_path / "source.mkv", frames))


def test_the_command_prints_a_table(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1]]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "flicker.mkv: 6 frames; flow reference: deepflow flow of its source"
    assert lines[1].startswith("loss network: VGG-16")
    assert lines[2].split() == ["source", "stylised", "blurred", "frozen"]
    errors = next(line for line in lines if line.startswith("warping error, gap 1 ")).split()
    assert float(errors[-3]) == pytest.approx(0.04, rel=0.1)
    assert [line.split()[0] for line in lines[-2:]] == ["sharpness", "content"]


def test_the_command_prints_json(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1], "--flow-reference", "fast", "--json"]) == 0
    event = json.loads(capfd.readouterr().out)
    assert (event["event"], event["frames"], event["flow_reference"]) == ("measured", 6, "fast flow of its source")
    assert event["curves"] == {}
    assert event["metrics"]["stylised"]["stability_error_1"] == pytest.approx(0.2, rel=0.1)


def test_a_per_frame_film_adds_a_column_and_artefacts(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    command = ["measure", pair[0], "--source", pair[1], "--per-frame", pair[0], "--flow-reference", "fast"]
    assert exit_code(command) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[2].split() == ["source", "stylised", "per", "frame", "blurred", "frozen"]
    tone_lag = next(line for line in lines if line.startswith("tone lag ")).split()[2:]
    assert tone_lag[:3] == ["0.00000"] * 3
    assert float(tone_lag[4]) > 5, "the frozen film lags behind the flicker"


def test_curves_are_in_the_json_if_requested(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1], "--flow-reference", "fast", "--json", "--curves"]) == 0
    curve = json.loads(capfd.readouterr().out)["curves"]["stylised"]["warping_error_1"]
    assert curve == [None, *[pytest.approx(0.04, rel=0.15)] * 5]


def test_the_style_must_be_an_image_or_the_name_of_a_style(
    pair: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1], "--style", "nothing"]) == 5
    assert "there is no style or image nothing" in capfd.readouterr().err


def test_films_of_different_length_are_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    long, short = (str(write_film(tmp_path / f"{n}.mkv", still(n, **SIZE).frames)) for n in (6, 3))
    assert exit_code(["measure", short, "--source", long]) == 3
    assert "ends before" in capfd.readouterr().err
