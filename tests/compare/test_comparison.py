"""Methods compared: each made once, measured, and put side by side."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from streamstyle.cli.main import exit_code
from streamstyle.cli.methods import parse_methods
from streamstyle.compare.comparison import EvaluationSetup, compare
from streamstyle.compare.events import (
    Compared,
    ComparisonStopped,
    FrameMeasured,
    MethodFinished,
    SideBySideFrameWritten,
)
from streamstyle.compare.method_runs import archive_name, prepare_spec
from streamstyle.compare.side_by_side import write_side_by_side
from streamstyle.evaluate.metrics import load_scorer
from streamstyle.evaluate.reference_flow import parse_reference_flow
from streamstyle.events import Event, FrameWritten
from streamstyle.media.probe import probe
from streamstyle.settings import Settings, SourceSettings
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import png, texture
from tests.video_io import packets, read_video, times

pytestmark = pytest.mark.usefixtures("home")

METHODS = "johnson,live,live:temporal-weight=100"


class ComparisonRun:
    """A comparison of a film, as often as one likes."""

    def __init__(self, film: Path, style: Path, folder: Path) -> None:
        self.film, self.part = probe(film, SourceSettings()), SourceSettings()
        self.mix = StyleBlend("nonsense", (BlendPart(style),))
        self.bench = EvaluationSetup(parse_reference_flow("ultrafast"), load_scorer(None, None), None)
        self.folder = folder
        self.events: list[Event] = []
        self.stop = threading.Event()

    def run(self, methods: str = METHODS, stop_at: Callable[[Event], bool] = lambda event: False) -> Compared | None:
        self.events, self.stop = [], threading.Event()

        def observe(event: Event) -> None:
            self.events.append(event)
            if stop_at(event):
                self.stop.set()

        contenders = parse_methods(methods, Settings())
        return compare(
            contenders, self.film, self.part, self.mix, self.bench, self.folder, "streamstyle", observe, self.stop
        )

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def films(self) -> list[str]:
        return sorted(path.stem.rpartition("-")[0] for path in self.folder.glob("*.mkv"))


@pytest.fixture
def comparing(film: Path, style: Path, tmp_path: Path) -> ComparisonRun:
    return ComparisonRun(film, style, tmp_path / "compare.parts")


def test_the_source_the_methods_and_what_would_cheat_have_a_row_each(comparing: ComparisonRun) -> None:
    compared = comparing.run()
    assert compared is not None
    assert [row.kind for row in compared.films] == ["source", *["method"] * 3, *["control"] * 2]
    assert [row.name for row in compared.films[1:4]] == ["johnson", "live", "live, temporal-weight 100"]
    assert compared.baseline == "johnson"
    assert compared.same_flow_methods == []
    johnson, live = compared.films[1:3]
    assert set(johnson.ratios.values()) == {1.0}
    assert johnson.time_ratio == 1
    assert live.ratios["warping_error_1"] == pytest.approx(
        live.metrics["warping_error_1"] / johnson.metrics["warping_error_1"]
    )
    assert live.metrics["warping_error_1"] < johnson.metrics["warping_error_1"]
    assert len(live.curves["warping_error_1"]) == compared.frames == 12


def test_a_method_made_along_the_judges_own_flow_is_named(comparing: ComparisonRun) -> None:
    compared = comparing.run("johnson:flow=ultrafast,live,live:flow=ultrafast")
    assert compared is not None
    assert compared.same_flow_methods == ["live, flow ultrafast"], "johnson follows no flow"


def test_nothing_is_made_or_measured_twice(comparing: ComparisonRun) -> None:
    first = comparing.run()
    assert comparing.count(FrameWritten) == 36
    second = comparing.run()
    assert comparing.count(FrameWritten) == comparing.count(FrameMeasured) == 0
    assert all(event.reused for event in comparing.events if isinstance(event, MethodFinished))
    assert first is not None
    assert second is not None
    assert second.films == first.films


def test_a_method_more_is_made_alone(comparing: ComparisonRun) -> None:
    comparing.run("johnson,live")
    comparing.run("live,johnson,live:pixel-weight=50")
    assert comparing.count(FrameWritten) == 12
    assert comparing.count(FrameMeasured) == 12


def test_a_comparison_that_was_interrupted_goes_on_where_it_was(comparing: ComparisonRun) -> None:
    """Ctrl-C in the fourth frame of the second method: the first is kept, of the second nothing is left."""

    def fourth_of_live(event: Event) -> bool:
        return isinstance(event, FrameWritten) and event.frame == 4 and comparing.count(MethodFinished) == 1

    assert comparing.run(stop_at=fourth_of_live) is None
    assert comparing.films() == ["johnson"]
    ended = comparing.events[-1]
    assert isinstance(ended, ComparisonStopped)
    assert (ended.finished, ended.methods) == (1, 3)
    assert comparing.run() is not None
    assert comparing.count(FrameWritten) == 24


def test_a_comparison_that_was_interrupted_before_its_first_film_leaves_no_folder(comparing: ComparisonRun) -> None:
    assert comparing.run(stop_at=lambda event: isinstance(event, FrameWritten)) is None
    assert not comparing.folder.exists()


def test_measuring_that_was_interrupted_leaves_the_films(comparing: ComparisonRun) -> None:
    assert comparing.run(stop_at=lambda event: isinstance(event, FrameMeasured)) is None
    assert comparing.run() is not None
    assert (comparing.count(FrameWritten), comparing.count(FrameMeasured)) == (0, 12)


def test_whatever_the_result_depends_on_has_another_name(comparing: ComparisonRun, film: Path, tmp_path: Path) -> None:
    def name(methods: str = "live", part: SourceSettings | None = None) -> str:
        (contender,) = parse_methods(methods, Settings())
        return archive_name(prepare_spec(contender), probe(film, part or SourceSettings()), comparing.mix)

    assert name() == name()
    others = [name("live:pixel-weight=5"), name("live:flow=fast"), name("live:strength=0.5"), name("johnson")]
    others += [name(part=SourceSettings(end=0.2)), name(part=SourceSettings(height=48))]
    assert len({name(), *others}) == 1 + len(others)
    before = name()
    film = film.rename(tmp_path / "elsewhere.mkv")
    assert name() == before, "a film may be moved"


def test_the_film_of_all_has_the_sources_frames_times_and_sound(comparing: ComparisonRun, tmp_path: Path) -> None:
    compared = comparing.run("johnson,live")
    assert compared is not None
    output = tmp_path / "compare.mkv"
    assert write_side_by_side(comparing.film, compared, output, comparing.events.append, threading.Event())
    whole, frames = read_video(output)
    assert times(frames, whole) == times(read_video(comparing.film.path)[1], comparing.film)
    assert [data for _, data in packets(output, "audio")] == [data for _, data in packets(comparing.film.path, "audio")]
    assert (whole.width, whole.height) > (2 * 96, 2 * 64)
    assert comparing.count(SideBySideFrameWritten) == 12


def test_a_film_of_all_that_was_interrupted_leaves_nothing_half(comparing: ComparisonRun, tmp_path: Path) -> None:
    compared = comparing.run("johnson,live")
    assert compared is not None
    stop = threading.Event()
    stop.set()
    assert not write_side_by_side(comparing.film, compared, tmp_path / "compare.mkv", comparing.events.append, stop)
    assert not list(tmp_path.glob("compare*.mkv"))


def run_command(capfd: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    """The events that the command prints as JSON; nothing else may stand on standard output."""
    assert exit_code(["compare", *map(str, arguments), "--flow-reference", "ultrafast", "--json"]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_the_command_writes_film_report_and_parts_and_says_all_figures(
    film: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mkv"
    events = run_command(capfd, film, "--style", style, "--methods", "johnson,live", "-o", output, "--range", "0-0.2")
    names = [event["event"] for event in events]
    assert (names[-1], names.count("method_finished"), names.count("frame_measured")) == ("compared", 2, 5)
    assert "finished" not in names, "that is what a run ends with"
    compared = events[-1]
    assert compared["frames"] == 5
    assert compared["report"] == str(tmp_path / "out.html")
    assert [row["name"] for row in compared["films"]] == ["source", "johnson", "live", "blurred", "frozen"]
    with av.open(str(output)) as container:
        assert len(list(container.decode(video=0))) == 5
    assert (tmp_path / "out.html").read_text().startswith("<!doctype html>")
    assert len(list((tmp_path / "out.parts").glob("*.mkv"))) == 2


def test_the_command_prints_a_table(film: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    call = [
        "compare",
        str(film),
        "--style",
        str(style),
        "--methods",
        "johnson,live",
        "--flow-reference",
        "fast",
        "--no-film",
    ]
    assert exit_code(call) == 0
    said = capfd.readouterr().err.splitlines()
    assert any(line.split()[:2] == ["johnson", "1"] for line in said)
    assert said[-1] == f"→ {film.with_name('film.compare.html')}"
    assert not film.with_name("film.compare.mkv").exists()
    assert exit_code(call) == 4
    assert "film.compare.html exists already" in capfd.readouterr().err


def test_ruder_asks_for_the_painting_before_another_method_has_worked(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events = run_command(capfd, film, "--style", "wave", "--methods", "johnson,ruder:iterations=1", code=5)
    assert [event["event"] for event in events] == ["failed"]
    assert "--style-image" in events[0]["next_step"]
    assert not film.with_name("film.compare.parts").exists()


def test_a_style_that_is_an_image_has_a_style_loss(
    film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiles.png").write_bytes(png(texture(96, 80, seed=9)))
    how = ["--methods", "johnson,ruder:iterations=1:first-iterations=1", "--range", "0-0.1", "--no-film"]
    compared = run_command(capfd, film, "--style", tmp_path / "tiles.png", *how)[-1]
    assert all(row["metrics"]["style"] > 0 for row in compared["films"])


def test_what_cannot_be_is_said_before_any_work(
    film: Path, style: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    wrongs: list[tuple[list[str | Path], int]] = [(["--methods", "fancy"], 2), (["--style-image", "wave"], 5)]
    wrongs += [(["-o", film], 4), (["-o", film.with_name("all.webm")], 4)]
    for wrong, code in wrongs:
        assert run_command(capfd, film, "--style", style, *wrong, code=code)[-1]["event"] == "failed"
    for judge, code in (("slow", 2), (str(tmp_path), 3)):
        assert exit_code(["compare", str(film), "--style", str(style), "--flow-reference", judge]) == code
    assert sorted(path.name for path in tmp_path.iterdir()) == before
