"""Methods compared: each run once, measured, and written side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from streamstyle.cli.methods import parse_methods
from streamstyle.compare.comparison import EvaluationSetup, compare
from streamstyle.compare.events import (
    Compared,
    ComparisonStopped,
    FrameMeasured,
    MethodFinished,
    SideBySideFrameWritten,
)
from streamstyle.compare.method_runs import archive_name, per_frame_indices, prepare_spec
from streamstyle.compare.side_by_side import write_side_by_side
from streamstyle.evaluate.metrics import load_scorer
from streamstyle.evaluate.reference_flow import parse_reference_flow
from streamstyle.events import Event, FrameWritten
from streamstyle.media.probe import probe
from streamstyle.settings import Settings, SourceSettings
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.video_io import packets, read_video, times

pytestmark = pytest.mark.usefixtures("home")

METHODS = "johnson,live,live:temporal-weight=100"


class ComparisonRun:
    """A comparison that can be repeated."""

    def __init__(self, film: Path, style: Path, folder: Path) -> None:
        self.video, self.source_settings = probe(film, SourceSettings()), SourceSettings()
        self.blend = StyleBlend("nonsense", (BlendPart(style),))
        self.setup = EvaluationSetup(parse_reference_flow("ultrafast"), load_scorer(None, None), None)
        self.folder = folder
        self.events: list[Event] = []
        self.stop = threading.Event()

    def run(self, methods: str = METHODS, stop_at: Callable[[Event], bool] = lambda event: False) -> Compared | None:
        self.events, self.stop = [], threading.Event()

        def observe(event: Event) -> None:
            self.events.append(event)
            if stop_at(event):
                self.stop.set()

        return compare(
            parse_methods(methods, Settings()),
            self.video,
            self.source_settings,
            self.blend,
            self.setup,
            self.folder,
            "streamstyle",
            observe,
            self.stop,
        )

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def films(self) -> list[str]:
        return sorted(path.stem.rpartition("-")[0] for path in self.folder.glob("*.mkv"))


@pytest.fixture
def comparison(film: Path, style: Path, tmp_path: Path) -> ComparisonRun:
    return ComparisonRun(film, style, tmp_path / "compare.parts")


def test_source_methods_and_control_films_are_measured(comparison: ComparisonRun) -> None:
    compared = comparison.run()
    assert compared is not None
    assert [film.kind for film in compared.films] == ["source", *["method"] * 3, *["control"] * 2]
    assert [film.name for film in compared.films[1:4]] == ["johnson", "live", "live, temporal-weight 100"]
    assert compared.baseline == "johnson"
    assert compared.same_flow_methods == []
    johnson, live = compared.films[1:3]
    assert set(johnson.ratios.values()) == {1.0}
    assert (johnson.metrics["tone_lag"], johnson.metrics["seam"], johnson.metrics["ghost"]) == (0, 0, 0)
    assert live.metrics["tone_lag"] > 0
    assert johnson.time_ratio == 1
    assert live.ratios["warping_error_1"] == pytest.approx(
        live.metrics["warping_error_1"] / johnson.metrics["warping_error_1"]
    )
    assert live.metrics["warping_error_1"] < johnson.metrics["warping_error_1"]
    assert len(live.curves["warping_error_1"]) == compared.frames == 12


def test_methods_along_the_reference_flow_are_named(comparison: ComparisonRun) -> None:
    compared = comparison.run("johnson:flow=ultrafast,live,live:flow=ultrafast")
    assert compared is not None
    assert compared.same_flow_methods == ["live, flow ultrafast"], "johnson uses no flow"


def test_a_film_is_measured_against_the_johnson_of_its_strength() -> None:
    specs = parse_methods("live,johnson,live:strength=0.5,johnson:strength=0.5,johnson:flow=fast,ruder", Settings())
    assert per_frame_indices(specs) == [1, 1, 3, 3, 1, None]


def test_films_and_measures_are_reused(comparison: ComparisonRun) -> None:
    first = comparison.run()
    assert comparison.count(FrameWritten) == 36
    second = comparison.run()
    assert comparison.count(FrameWritten) == comparison.count(FrameMeasured) == 0
    assert all(event.reused for event in comparison.events if isinstance(event, MethodFinished))
    assert first is not None
    assert second is not None
    assert second.films == first.films


def test_only_an_added_method_is_run(comparison: ComparisonRun) -> None:
    comparison.run("johnson,live")
    comparison.run("live,johnson,live:pixel-weight=50")
    assert comparison.count(FrameWritten) == 12
    assert comparison.count(FrameMeasured) == 12


def test_an_interrupted_comparison_resumes_with_the_unfinished_method(comparison: ComparisonRun) -> None:
    """Ctrl-C in the fourth frame of the second method: the first is kept, the second is removed."""

    def fourth_of_live(event: Event) -> bool:
        return isinstance(event, FrameWritten) and event.frame == 4 and comparison.count(MethodFinished) == 1

    assert comparison.run(stop_at=fourth_of_live) is None
    assert comparison.films() == ["johnson"]
    ended = comparison.events[-1]
    assert isinstance(ended, ComparisonStopped)
    assert (ended.finished, ended.methods) == (1, 3)
    assert comparison.run() is not None
    assert comparison.count(FrameWritten) == 24


def test_a_comparison_stopped_in_its_first_film_leaves_no_folder(comparison: ComparisonRun) -> None:
    assert comparison.run(stop_at=lambda event: isinstance(event, FrameWritten)) is None
    assert not comparison.folder.exists()


def test_films_are_kept_when_measuring_is_interrupted(comparison: ComparisonRun) -> None:
    assert comparison.run(stop_at=lambda event: isinstance(event, FrameMeasured)) is None
    assert comparison.run() is not None
    assert (comparison.count(FrameWritten), comparison.count(FrameMeasured)) == (0, 12)


def test_the_archive_name_depends_on_all_settings_but_not_on_the_path(
    comparison: ComparisonRun, film: Path, tmp_path: Path
) -> None:
    def name(methods: str = "live", source_settings: SourceSettings | None = None) -> str:
        (spec,) = parse_methods(methods, Settings())
        return archive_name(prepare_spec(spec), probe(film, source_settings or SourceSettings()), comparison.blend)

    assert name() == name()
    others = [name("live:pixel-weight=5"), name("live:flow=fast"), name("live:strength=0.5"), name("johnson")]
    others += [name(source_settings=SourceSettings(end=0.2)), name(source_settings=SourceSettings(height=48))]
    assert len({name(), *others}) == 1 + len(others)
    before = name()
    film = film.rename(tmp_path / "elsewhere.mkv")
    assert name() == before, "a film may be moved"


def test_the_side_by_side_film_has_the_sources_frame_times_and_sound(comparison: ComparisonRun, tmp_path: Path) -> None:
    compared = comparison.run("johnson,live")
    assert compared is not None
    output = tmp_path / "compare.mkv"
    assert write_side_by_side(comparison.video, compared, output, comparison.events.append, threading.Event())
    whole, frames = read_video(output)
    assert times(frames, whole) == times(read_video(comparison.video.path)[1], comparison.video)
    assert [data for _, data in packets(output, "audio")] == [
        data for _, data in packets(comparison.video.path, "audio")
    ]
    assert (whole.width, whole.height) > (2 * 96, 2 * 64)
    assert comparison.count(SideBySideFrameWritten) == 12


def test_an_interrupted_side_by_side_film_leaves_no_file(comparison: ComparisonRun, tmp_path: Path) -> None:
    compared = comparison.run("johnson,live")
    assert compared is not None
    stop = threading.Event()
    stop.set()
    assert not write_side_by_side(comparison.video, compared, tmp_path / "compare.mkv", comparison.events.append, stop)
    assert not list(tmp_path.glob("compare*.mkv"))
