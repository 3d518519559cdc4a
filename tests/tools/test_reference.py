"""The demo film's true motion as a reference flow to measure along."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.errors import FilmError
from streamstyle.evaluate.judge import Judge, judge_of
from streamstyle.evaluate.measures import Measures
from streamstyle.evaluate.measuring import measure_all
from streamstyle.settings import SourceSettings
from tests.films import pan, write_film
from tests.painting import paint
from tools.demo_film import render_demo
from tools.demo_film.reference import demo_film_flow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the demo film, half of it each shot."""
    path = tmp_path_factory.mktemp("demo") / "demo.mkv"
    render_demo(path, 160, 90, seconds=1)
    return path


def error_of(film: Path, judge: Judge, part: SourceSettings | None = None) -> Measures:
    return measure_all([film], film, part, judge)[0]


def test_a_film_is_steady_along_its_true_motion(demo: Path) -> None:
    """Steadier than along a motion that is not its own: none, at which its own change is the error."""
    truly, guessed = (error_of(demo, flow).warping_error[1] for flow in (demo_film_flow(), judge_of("ultrafast")))
    frozen = measure_all([demo], demo, None, demo_film_flow(), decoys=True)[-1].warping_error[1]
    assert truly < 0.002
    assert truly < 2 * guessed
    assert frozen > truly


def test_true_motion_knows_where_a_part_begins(demo: Path, tmp_path: Path) -> None:
    """The part after the cut: judged along the motion of the first shot it would be unsteady."""
    part = SourceSettings(start=0.64)
    painted = tmp_path / "part.mkv"
    whole = error_of(demo, demo_film_flow())
    paint(demo, painted, start=0.64)
    of_part = measure_all([painted], demo, part, demo_film_flow())[0]
    assert of_part.frames == 9
    expected = [value for value in whole.curves["warping_error_1"][17:] if value is not None]
    assert [value for value in of_part.curves["warping_error_1"] if value is not None] == pytest.approx(expected)


def test_the_true_motion_of_another_film_is_not_known(tmp_path: Path) -> None:
    film = write_film(tmp_path / "pan.mkv", pan(3, 128, 96).frames)
    with pytest.raises(FilmError, match="not the demo film"):
        error_of(film, demo_film_flow())
