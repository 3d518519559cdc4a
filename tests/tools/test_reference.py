"""The demo film's true motion as a reference flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.errors import VideoError
from streamstyle.evaluate.evaluator import measure_films
from streamstyle.evaluate.metrics import FilmMetrics
from streamstyle.evaluate.reference_flow import ReferenceFlow, parse_reference_flow
from streamstyle.settings import SourceSettings
from tests.films import pan, write_film
from tests.video_io import write_copy
from tools.demo_film import render_demo
from tools.demo_film.reference import demo_film_flow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the demo film, half of it each shot."""
    path = tmp_path_factory.mktemp("demo") / "demo.mkv"
    render_demo(path, 160, 90, seconds=1)
    return path


def metrics_along(film: Path, reference_flow: ReferenceFlow) -> FilmMetrics:
    return measure_films([film], film, None, reference_flow)[0]


def test_the_film_is_steady_along_its_true_motion(demo: Path) -> None:
    """Nearly as steady as along a computed flow, which fits the noise, too; a frozen film is less steady."""
    true, computed = (
        metrics_along(demo, flow).warping_error[1] for flow in (demo_film_flow(), parse_reference_flow("ultrafast"))
    )
    frozen = measure_films([demo], demo, None, demo_film_flow(), with_controls=True)[-1].warping_error[1]
    assert true < 0.002
    assert true < 2 * computed
    assert frozen > true


def test_the_true_motion_of_a_range_starts_at_its_first_frame(demo: Path, tmp_path: Path) -> None:
    """A range after the cut would be unsteady along the motion of the first shot."""
    copy = tmp_path / "range.mkv"
    whole = metrics_along(demo, demo_film_flow())
    write_copy(demo, copy, start=0.64)
    of_range = measure_films([copy], demo, SourceSettings(start=0.64), demo_film_flow())[0]
    assert of_range.frames == 9
    expected = [value for value in whole.curves["warping_error_1"][17:] if value is not None]
    assert [value for value in of_range.curves["warping_error_1"] if value is not None] == pytest.approx(expected)


def test_another_film_has_no_true_motion(tmp_path: Path) -> None:
    film = write_film(tmp_path / "pan.mkv", pan(3, 128, 96).frames)
    with pytest.raises(VideoError, match="not the demo film"):
        metrics_along(film, demo_film_flow())
