"""Finished films, measured along the motion of their source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from streamstyle.errors import VideoError
from streamstyle.evaluate.evaluator import Measured, measure_film, measure_films
from streamstyle.evaluate.metrics import FilmMetrics, load_scorer
from streamstyle.evaluate.reference_flow import computed_flow, parse_reference_flow
from streamstyle.settings import FlowPreset, SourceSettings
from tests.films import Picture, cut, pan, png, still, texture, write_film

SIZE = {"width": 128, "height": 96}
MEDIUM = computed_flow(FlowPreset.medium)


def measure_pair(
    stylised: Path, source: Path, source_settings: SourceSettings | None = None
) -> tuple[FilmMetrics, FilmMetrics]:
    """The measures of the stylised film and of its source."""
    of_source, of_stylised = measure_films([stylised], source, source_settings, MEDIUM)
    return of_stylised, of_source


def measure(
    stylised: Path, source: Path, style: Path | None = None, on_frame: Callable[[int], None] = lambda frames: None
) -> Measured:
    return measure_film(
        stylised, source, SourceSettings(), parse_reference_flow("medium"), load_scorer(style, None), on_frame
    )


def flicker(frames: Picture, step: int) -> Picture:
    """Every second frame is brighter by `step` of 255 levels."""
    brighter = 60 + frames.astype(int) // 2
    brighter[1::2] += step
    return brighter.astype(np.uint8)


def test_a_film_measured_against_itself_equals_its_source(tmp_path: Path) -> None:
    film = write_film(tmp_path / "pan.mkv", pan(5, **SIZE).frames)
    stylised, source = measure_pair(film, film)
    assert stylised == source
    assert source.frames == 5
    assert source.warping_error[1] < 1e-3
    assert source.sharpness > 0.01


def test_flicker_by_a_fifth_is_an_error_of_its_square(tmp_path: Path) -> None:
    """A still film whose every second frame is 51 levels, a fifth of the range, brighter: 0.04."""
    scene = still(4, **SIZE)
    source = write_film(tmp_path / "still.mkv", scene.frames)
    flickering = write_film(tmp_path / "flicker.mkv", flicker(scene.frames, 51))
    stylised, of_source = measure_pair(flickering, source)
    assert stylised.warping_error[1] == pytest.approx(0.04, rel=0.03)
    assert of_source.warping_error[1] < 1e-4


def test_flicker_of_period_two_does_not_show_at_gap_two(tmp_path: Path) -> None:
    scene = still(5, **SIZE)
    source = write_film(tmp_path / "still.mkv", scene.frames)
    flickering = write_film(tmp_path / "flicker.mkv", flicker(scene.frames, 51))
    _, stylised = measure_films([flickering], source, reference_flow=MEDIUM, gaps=(1, 2))
    assert stylised.warping_error[1] > 100 * stylised.warping_error[2]


def test_artefacts_are_measured_against_the_per_frame_film(tmp_path: Path) -> None:
    """A pan stylised frame by frame, and the same ten levels darker: a tone lag of ten, and no other artefact."""
    scene = pan(4, **SIZE)
    source = write_film(tmp_path / "pan.mkv", scene.frames)
    per_frame = write_film(tmp_path / "johnson.mkv", 200 - scene.frames // 2)
    darker = write_film(tmp_path / "darker.mkv", 190 - scene.frames // 2)
    of_source, of_darker, of_itself = measure_films([darker, per_frame], source, None, MEDIUM, per_frame=[1, 1])
    assert of_darker.tone_lag == pytest.approx(10, abs=0.5)
    assert of_darker.seam == pytest.approx(0, abs=0.1)
    assert (of_itself.tone_lag, of_itself.seam, of_source.tone_lag, of_source.ghost) == (0, 0, 0, 0)
    assert [value is None for value in of_darker.curves["seam"]] == [True, False, False, False]
    alone = measure_films([darker], source, None, MEDIUM)[1]
    assert (alone.tone_lag, alone.seam, alone.ghost) == (None, None, None)


def test_frames_are_not_compared_across_a_cut(tmp_path: Path) -> None:
    """Two still shots, stylised differently: the change at the cut is no error."""
    scene = cut(still(4, seed=1, **SIZE), still(4, seed=9, **SIZE))
    frames = scene.frames.copy()
    frames[:4] //= 3
    source = write_film(tmp_path / "two.mkv", frames)
    output = write_film(tmp_path / "stylised.mkv", np.concatenate([frames[:4] // 2, 255 - frames[4:] // 2]))
    _, stylised = measure_films([output], source, reference_flow=MEDIUM, gaps=(1, 5))
    assert stylised.frames == 8
    assert stylised.warping_error[1] < 1e-3
    assert 5 not in stylised.warping_error, "no shot is that long"


def test_several_films_are_measured_as_each_alone(tmp_path: Path) -> None:
    scene = pan(4, **SIZE)
    source = write_film(tmp_path / "pan.mkv", scene.frames)
    films = [write_film(tmp_path / f"{step}.mkv", flicker(scene.frames, step)) for step in (10, 40)]
    together = measure_films(films, source, reference_flow=MEDIUM)
    assert [each.film for each in together] == [source, *films]
    assert together[2] == measure_pair(films[1], source)[0]
    assert together[1].warping_error[1] < together[2].warping_error[1]


def test_only_the_stylised_range_of_the_source_is_measured(tmp_path: Path) -> None:
    """The second half of a film, against the second half of its source."""
    scene = pan(10, **SIZE)
    source = write_film(tmp_path / "pan.mkv", scene.frames)
    half = write_film(tmp_path / "half.mkv", scene.frames[5:])
    stylised, of_source = measure_pair(half, source, SourceSettings(start=0.2))
    assert stylised.frames == of_source.frames == 5
    assert stylised.warping_error[1] == pytest.approx(of_source.warping_error[1], rel=0.2)


def test_curves_have_a_value_per_frame_but_where_a_shot_begins(tmp_path: Path) -> None:
    scene = cut(still(3, seed=1, **SIZE), still(3, seed=9, **SIZE))
    source = write_film(tmp_path / "two.mkv", scene.frames)
    _, of_source = measure_pair(source, source)
    assert [value is None for value in of_source.curves["warping_error_1"]] == [True, False, False] * 2
    assert of_source.curves["warping_error_5"] == [None] * 6
    assert len(of_source.curves["sharpness"]) == 6


@pytest.mark.parametrize(("source_frames", "stylised_frames"), [(4, 6), (6, 4)])
def test_films_of_different_length_are_an_error(tmp_path: Path, source_frames: int, stylised_frames: int) -> None:
    frames = still(6, **SIZE).frames
    source = write_film(tmp_path / "source.mkv", frames[:source_frames])
    stylised = write_film(tmp_path / "stylised.mkv", frames[:stylised_frames])
    shorter = "source" if source_frames < stylised_frames else "stylised"
    with pytest.raises(VideoError, match=f"{shorter}.mkv ends before"):
        measure_pair(stylised, source)


def test_sharpness_gives_away_a_blur_and_motion_a_freeze(tmp_path: Path) -> None:
    """A pan: the blurred film is less sharp, the frozen one does not follow the motion."""
    film = write_film(tmp_path / "pan.mkv", pan(6, step=(4, 0), **SIZE).frames)
    metrics = measure(film, film).metrics
    assert metrics["blurred"]["sharpness"] < 0.9 * metrics["stylised"]["sharpness"]
    assert metrics["blurred"]["warping_error_1"] < metrics["frozen"]["warping_error_1"]
    assert metrics["frozen"]["warping_error_1"] > 10 * metrics["stylised"]["warping_error_1"]
    assert metrics["stylised"] == metrics["source"]


def test_the_frozen_film_restarts_at_a_cut(tmp_path: Path) -> None:
    """Two still shots: the frozen film is the film itself."""
    film = write_film(tmp_path / "two.mkv", cut(still(3, seed=1, **SIZE), still(3, seed=9, **SIZE)).frames)
    metrics = measure(film, film).metrics
    assert metrics["frozen"]["warping_error_1"] == pytest.approx(0, abs=1e-4)


def test_progress_is_reported_after_each_frame(tmp_path: Path) -> None:
    film = write_film(tmp_path / "still.mkv", still(4, **SIZE).frames)
    done: list[int] = []
    measure(film, film, on_frame=done.append)
    assert done == [1, 2, 3, 4]


def test_content_loss_is_relative_to_the_source_and_style_to_the_image(tmp_path: Path) -> None:
    """A style image of tiles, a film of the same tiles, and a source without tiles."""
    tile = texture(12, 16, seed=3)
    (tmp_path / "tiles.png").write_bytes(png(np.tile(tile, (32, 48, 1))))
    source = write_film(tmp_path / "source.mkv", np.repeat(texture(384, 256, seed=5)[None], 3, 0))
    stylised = write_film(tmp_path / "stylised.mkv", np.tile(tile, (3, 16, 32, 1)))
    metrics = measure(stylised, source, tmp_path / "tiles.png").metrics
    assert metrics["source"]["content"] == 0
    assert metrics["stylised"]["content"] > 0.3
    assert metrics["stylised"]["style"] < 0.3 * metrics["source"]["style"]


def test_losses_of_a_few_frames_and_films(tmp_path: Path) -> None:
    """A film that differs from its source in the first and third frame has no loss in every second from the second."""
    frames = np.stack([texture(128, 96, seed) for seed in range(4)])
    source = write_film(tmp_path / "source.mkv", frames)
    frames[::2] = 255 - frames[::2]
    film = write_film(tmp_path / "film.mkv", frames)
    scorer = load_scorer(None, None)
    measured = measure_films([film, film], source, None, MEDIUM, scorer=scorer, score_every=2, scored=[1])
    assert [metrics.content for metrics in measured[:2]] == [None, None]
    assert measured[2].content == pytest.approx(0, abs=0.02)
    every_frame = measure_films([film], source, None, MEDIUM, scorer=scorer, score_every=1)
    assert (every_frame[1].content or 0) > 0.1
