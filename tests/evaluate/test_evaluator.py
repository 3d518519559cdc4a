"""Finished films, measured along the motion of their source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.errors import FilmError
from streamstyle.evaluate.evaluator import Measured, measure_film, measure_films
from streamstyle.evaluate.metrics import FilmMetrics, load_scorer
from streamstyle.evaluate.reference_flow import computed_flow, parse_reference_flow
from streamstyle.settings import FlowPreset, SourceSettings
from tests.films import Picture, cut, moving_square, pan, png, still, texture, write_film

SIZE = {"width": 128, "height": 96}


MEDIUM = computed_flow(FlowPreset.medium)


def source_and_stylised(
    stylised: Path, source: Path, part: SourceSettings | None = None
) -> tuple[FilmMetrics, FilmMetrics]:
    """Of the stylised film and of its source."""
    of_source, of_stylised = measure_films([stylised], source, part, MEDIUM)
    return of_stylised, of_source


def flicker(frames: Picture, step: int) -> Picture:
    """Every second frame is brighter by `step` of 255 levels."""
    lit = 60 + frames.astype(int) // 2
    lit[1::2] += step
    return lit.astype(np.uint8)


def test_a_film_against_itself(tmp_path: Path) -> None:
    film = write_film(tmp_path / "pan.mkv", pan(5, **SIZE).frames)
    stylised, source = source_and_stylised(film, film)
    assert stylised == source
    assert source.frames == 5
    assert source.warping_error[1] < 1e-3
    assert source.sharpness > 0.01


def test_flicker_is_an_error_of_its_square(tmp_path: Path) -> None:
    """A still film whose every second frame is 51 levels, a fifth of the range, brighter: 0.04."""
    scene = still(4, **SIZE)
    source = write_film(tmp_path / "still.mkv", scene.frames)
    painted = write_film(tmp_path / "flicker.mkv", flicker(scene.frames, 51))
    stylised, of_source = source_and_stylised(painted, source)
    assert stylised.warping_error[1] == pytest.approx(0.04, rel=0.03)
    assert of_source.warping_error[1] < 1e-4


def test_every_second_frame_is_steady_at_gap_two(tmp_path: Path) -> None:
    """Flicker of period two shows between neighbours and not between a frame and the one after the next."""
    scene = still(5, **SIZE)
    source = write_film(tmp_path / "still.mkv", scene.frames)
    painted = write_film(tmp_path / "flicker.mkv", flicker(scene.frames, 51))
    _, stylised = measure_films([painted], source, reference_flow=MEDIUM, gaps=(1, 2))
    assert stylised.warping_error[1] > 100 * stylised.warping_error[2]


def test_nothing_is_compared_across_a_cut(tmp_path: Path) -> None:
    """Two still shots with different paintings: the change at the cut is no error."""
    film = cut(still(4, seed=1, **SIZE), still(4, seed=9, **SIZE))
    frames = film.frames.copy()
    frames[:4] //= 3
    source = write_film(tmp_path / "two.mkv", frames)
    painted = write_film(tmp_path / "painted.mkv", np.concatenate([frames[:4] // 2, 255 - frames[4:] // 2]))
    _, stylised = measure_films([painted], source, reference_flow=MEDIUM, gaps=(1, 5))
    assert stylised.frames == 8
    assert stylised.warping_error[1] < 1e-3
    assert 5 not in stylised.warping_error  # no shot is that long


def test_several_films_are_measured_as_they_are_alone(tmp_path: Path) -> None:
    scene = pan(4, **SIZE)
    source = write_film(tmp_path / "pan.mkv", scene.frames)
    films = [write_film(tmp_path / f"{step}.mkv", flicker(scene.frames, step)) for step in (10, 40)]
    together = measure_films(films, source, reference_flow=MEDIUM)
    assert [each.film for each in together] == [source, *films]
    assert together[2] == source_and_stylised(films[1], source)[0]
    assert together[1].warping_error[1] < together[2].warping_error[1]


def test_the_part_that_was_stylised_is_measured(tmp_path: Path) -> None:
    """The second half of a film, against the second half of its source."""
    scene = pan(10, **SIZE)
    source = write_film(tmp_path / "pan.mkv", scene.frames)
    painted = write_film(tmp_path / "half.mkv", scene.frames[5:])
    stylised, of_source = source_and_stylised(painted, source, SourceSettings(start=0.2))
    assert stylised.frames == of_source.frames == 5
    assert stylised.warping_error[1] == pytest.approx(of_source.warping_error[1], rel=0.2)


def test_there_is_a_value_for_every_frame_and_none_where_a_shot_begins(tmp_path: Path) -> None:
    scene = cut(still(3, seed=1, **SIZE), still(3, seed=9, **SIZE))
    source = write_film(tmp_path / "two.mkv", scene.frames)
    _, of_source = source_and_stylised(source, source)
    assert [value is None for value in of_source.curves["warping_error_1"]] == [True, False, False] * 2
    assert of_source.curves["warping_error_5"] == [None] * 6
    assert len(of_source.curves["sharpness"]) == 6


@pytest.mark.parametrize(("first", "second"), [(4, 6), (6, 4)])
def test_films_of_different_length_are_no_pair(tmp_path: Path, first: int, second: int) -> None:
    frames = still(6, **SIZE).frames
    source = write_film(tmp_path / "source.mkv", frames[:first])
    painted = write_film(tmp_path / "painted.mkv", frames[:second])
    shorter = "source" if first < second else "painted"
    with pytest.raises(FilmError, match=f"{shorter}.mkv ends before"):
        source_and_stylised(painted, source)


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
