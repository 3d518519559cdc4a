"""A stylised film beside its source, and beside what would cheat."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from streamstyle.cli import exit_code
from streamstyle.evaluate.appearance import load_scorer
from streamstyle.evaluate.assessment import Measured, measure_film
from streamstyle.evaluate.judge import parse_reference_flow
from streamstyle.settings import SourceSettings
from tests.films import cut, moving_square, pan, png, still, texture, write_film

FILM_SIZE = {"width": 128, "height": 96}


def measure(
    stylised: Path, source: Path, style: Path | None = None, watch: Callable[[int], None] = lambda frames: None
) -> Measured:
    return measure_film(
        stylised, source, SourceSettings(), parse_reference_flow("medium"), load_scorer(style, None), watch
    )


def test_neither_a_blur_nor_a_freeze_wins(tmp_path: Path) -> None:
    """A pan: the blurred film is less sharp, the frozen one does not follow the motion."""
    film = write_film(tmp_path / "pan.mkv", pan(6, step=(4, 0), **FILM_SIZE).frames)
    measures = measure(film, film).metrics
    assert measures["blurred"]["sharpness"] < 0.9 * measures["stylised"]["sharpness"]
    assert measures["blurred"]["warping_error_1"] < measures["frozen"]["warping_error_1"]
    assert measures["frozen"]["warping_error_1"] > 10 * measures["stylised"]["warping_error_1"]
    assert measures["stylised"] == measures["source"]


def test_what_is_frozen_begins_anew_at_a_cut(tmp_path: Path) -> None:
    """Two still shots: frozen and followed are the same."""
    film = write_film(tmp_path / "two.mkv", cut(still(3, seed=1, **FILM_SIZE), still(3, seed=9, **FILM_SIZE)).frames)
    measures = measure(film, film).metrics
    assert measures["frozen"]["warping_error_1"] == pytest.approx(0, abs=1e-4)
    assert "warping_error_5" not in measures["stylised"], "no shot is that long"


def test_the_frames_done_are_told(tmp_path: Path) -> None:
    film = write_film(tmp_path / "still.mkv", still(4, **FILM_SIZE).frames)
    done: list[int] = []
    measure(film, film, watch=done.append)
    assert done == [1, 2, 3, 4]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """A film that flickers by a fifth, and its source."""
    frames = moving_square(6, **FILM_SIZE).frames
    lit = 60 + frames.astype(int) // 2
    lit[1::2] += 51
    stylised = write_film(tmp_path / "flicker.mkv", lit.astype(np.uint8))
    return str(stylised), str(write_film(tmp_path / "source.mkv", frames))


def test_the_command_prints_a_table(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1]]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[0] == "flicker.mkv: 6 frames, judged along deepflow flow of its source"
    assert said[2].split() == ["source", "stylised", "blurred", "frozen"]
    errors = next(line for line in said if line.startswith("warping error, gap 1 ")).split()
    assert float(errors[-3]) == pytest.approx(0.04, rel=0.1)
    assert [line.split()[0] for line in said[-2:]] == ["sharpness", "content"]


def test_the_command_prints_json(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1], "--flow-reference", "fast", "--json"]) == 0
    event = json.loads(capfd.readouterr().out)
    assert (event["event"], event["frames"], event["flow_reference"]) == ("measured", 6, "fast flow of its source")
    assert event["curves"] == {}
    assert event["metrics"]["stylised"]["stability_error_1"] == pytest.approx(0.2, rel=0.1)


def test_a_film_is_its_own_content_and_is_in_the_style_of_a_painting_of_the_same_strokes(tmp_path: Path) -> None:
    """A painting of tiles, a frame of the same tiles, and a source that has none."""
    tile = texture(12, 16, seed=3)
    (tmp_path / "painting.png").write_bytes(png(np.tile(tile, (32, 48, 1))))
    source = write_film(tmp_path / "source.mkv", np.repeat(texture(384, 256, seed=5)[None], 3, 0))
    painted = write_film(tmp_path / "painted.mkv", np.tile(tile, (3, 16, 32, 1)))
    measures = measure(painted, source, tmp_path / "painting.png").metrics
    assert measures["source"]["content"] == 0
    assert measures["stylised"]["content"] > 0.3
    assert measures["stylised"]["style"] < 0.3 * measures["source"]["style"]


def test_a_style_is_an_image_here(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1], "--style", "wave"]) == 5
    assert "there is no image wave" in capfd.readouterr().err


def test_curves_are_told_when_asked_for(pair: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["measure", pair[0], "--source", pair[1], "--flow-reference", "fast", "--json", "--curves"]) == 0
    curve = json.loads(capfd.readouterr().out)["curves"]["stylised"]["warping_error_1"]
    assert curve == [None, *[pytest.approx(0.04, rel=0.15)] * 5]


def test_films_of_different_length_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    long, short = (str(write_film(tmp_path / f"{n}.mkv", still(n, **FILM_SIZE).frames)) for n in (6, 3))
    assert exit_code(["measure", short, "--source", long]) == 3
    assert "ends before" in capfd.readouterr().err
