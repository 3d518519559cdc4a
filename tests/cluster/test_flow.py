"""A film painted here with flow from a cluster is the film that is painted with flow from here."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamstyle.cli.main import exit_code
from streamstyle.cluster import flow
from streamstyle.cluster.flow import ComputedFlow, FlowHands, FlowOnCluster, FlowTask, compute_flow
from streamstyle.errors import DeviceError, SettingsError
from streamstyle.events import Finished, Stopped
from streamstyle.frames import Frame
from streamstyle.media.flow_cache import FlowCache
from streamstyle.media.images import encode_image
from streamstyle.media.probe import probe
from streamstyle.settings import FlowCheck, FlowPreset, FlowSettings, Method, SourceSettings
from tests.cluster.cluster_case import case, film
from tests.cluster.processes import wait_until
from tests.films import pan
from tests.stylise_case import StyliseCase, StyliseResult

pytestmark = pytest.mark.usefixtures("home")


@dataclass
class Cluster:
    """Workers that are threads of this process, and may be broken."""

    workers: int = 1
    exact: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    """Of every answer."""
    error: Exception | None = None
    tasks: list[FlowTask] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, one: StyliseCase, output: Path, **options: Any) -> StyliseResult:
        with ThreadPoolExecutor(1) as threads:
            hands = FlowHands(
                threads if self.workers else _NoWorkers(), self.work, count=lambda: self.workers, threads=1
            )
            ahead = FlowOnCluster(hands, self.warnings.append, self.stop, exact=self.exact)
            return one.stylise(output, flow_ahead=ahead, **options)

    def work(self, task: FlowTask) -> ComputedFlow:
        self.tasks.append(task)
        if self.error is not None:
            raise self.error
        return replace(compute_flow(task), **self.changes)


class _NoWorkers(Executor):
    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        return Future()


@pytest.mark.parametrize(
    ("method", "lookback", "seconds"),
    [(Method.live, (1,), None), (Method.consistent, (1, 2, 4), None), (Method.ruder, (1,), 0.2)],
)
def test_flow_from_a_cluster_makes_the_same_film(
    tmp_path: Path, method: Method, lookback: tuple[int, ...], seconds: float | None
) -> None:
    one = case(tmp_path, film(tmp_path), method)
    one = one.with_settings(
        source=SourceSettings(start=0.0, end=seconds),
        consistency=replace(one.settings.consistency, lookback=lookback, iterations=1),
        ruder=replace(one.settings.ruder, passes=2, first_iterations=1, style_image=_style_image(tmp_path)),
    )
    cluster = Cluster()
    there = cluster.run(one, tmp_path / "there.mkv")
    here = one.stylise(tmp_path / "here.mkv")
    assert there.hashes() == here.hashes()
    assert isinstance(there.ended, Finished)
    assert isinstance(here.ended, Finished)
    assert there.ended.flows_computed == here.ended.flows_computed
    assert sum(len(task.pairs) for task in cluster.tasks) == here.ended.flows_computed  # all there, and each once
    assert cluster.warnings == []


def test_flow_from_a_cluster_is_cached_as_that_from_here(tmp_path: Path) -> None:
    one = case(tmp_path, film(tmp_path)).with_settings(flow=FlowSettings(FlowPreset.medium, 1, 1.0))
    cluster = Cluster()
    first = cluster.run(one, tmp_path / "first.mkv")
    asked = len(cluster.tasks)
    second, third = cluster.run(one, tmp_path / "second.mkv"), one.stylise(tmp_path / "third.mkv")
    assert len(cluster.tasks) == asked
    for later in (second, third):
        assert isinstance(later.ended, Finished)
        assert (later.ended.flows_computed, later.ended.flows_cached) == (0, 24)
        assert later.hashes() == first.hashes()


def test_the_cluster_is_asked_for_what_is_needed_only(tmp_path: Path) -> None:
    info, cluster = probe(film(tmp_path), SourceSettings()), Cluster()
    frames = [Frame(_picture(index), 40 * index, index) for index in range(6)]
    settings = case(tmp_path, info.path).settings
    one, both = FlowCheck.photometric, FlowCheck.forward_backward
    checks = {3: one, 4: one, 5: both}
    with ThreadPoolExecutor(1) as threads:
        ahead = FlowOnCluster(FlowHands(threads, cluster.work), cluster.warnings.append, cluster.stop)
        cache = FlowCache.open(info, settings.flow)
        with ahead(info, frames, settings, cache, lambda frame: checks.get(frame.index)) as (asked, _):
            assert [frame.index for frame in asked] == list(range(6))
            wait_until(lambda: len(cluster.tasks) == 2)
    assert {task.check: len(task.pairs) for task in cluster.tasks} == {one: 2, both: 1}


def test_a_picture_travels_once_for_each_task_and_few_frames_are_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = film(tmp_path)
    one = case(tmp_path, video)
    monkeypatch.setattr(flow, "_BYTES_OF_TASK", 4 * 64 * 48)
    monkeypatch.setattr(flow, "_BYTES_AHEAD", 8 * 3 * 64 * 48)
    drawn = list[int]()

    def frames() -> Any:
        for index in range(27):
            drawn.append(index)
            yield Frame(_picture(index), 40 * index, index)

    cluster, info = Cluster(), probe(video, one.settings.source)
    with ThreadPoolExecutor(1) as threads:
        ahead = FlowOnCluster(FlowHands(threads, cluster.work), cluster.warnings.append, cluster.stop)
        with ahead(info, frames(), one.settings, FlowCache.open(info, one.settings.flow)) as (asked, _):
            assert next(asked).index == 0
            for count in range(1, 12):
                assert next(asked).index == count
                assert len(drawn) <= count + 1 + 8 + 4
            wait_until(lambda: len(cluster.tasks) >= 2)
    assert [len(task.pairs) for task in cluster.tasks][:2] == [3, 4]
    assert all(len(task.pictures) <= len(task.pairs) + 1 for task in cluster.tasks)


def _picture(index: int) -> NDArray[np.uint8]:
    return pan(28, 64, 48).frames[index].copy()


def _style_image(folder: Path) -> Path:
    path = folder / "style.png"
    path.write_bytes(encode_image(_picture(3), ".png"))
    return path


def test_without_a_worker_flow_is_computed_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_POLL_SECONDS", 0.01)
    one, cluster = case(tmp_path, film(tmp_path)), Cluster(workers=0)
    there = cluster.run(one, tmp_path / "there.mkv")
    assert cluster.warnings == ["the cluster has no worker: flow is computed here meanwhile"]
    assert there.hashes() == one.stylise(tmp_path / "here.mkv").hashes()


def test_a_run_that_waits_for_flow_can_be_stopped_and_resumed(tmp_path: Path) -> None:
    one, cluster, output = case(tmp_path, film(tmp_path)), Cluster(), tmp_path / "out.mkv"
    first = cluster.run(one, output, stop_after=13)
    assert isinstance(first.ended, Stopped)
    second = cluster.run(one, output)
    assert second.ended.resumed_frames > 0
    assert second.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()


def test_what_a_worker_cannot_do_ends_the_run_in_one_line(tmp_path: Path) -> None:
    one = case(tmp_path, film(tmp_path))
    with pytest.raises(DeviceError, match=r"a worker could not compute the flow \(RuntimeError: no hands\)"):
        Cluster(error=RuntimeError("no hands")).run(one, tmp_path / "out.mkv")


def test_a_damaged_answer_is_computed_here(tmp_path: Path) -> None:
    one, cluster = case(tmp_path, film(tmp_path)), Cluster(changes={"motions": (b"",) * 99})
    assert cluster.run(one, tmp_path / "there.mkv").hashes() == one.stylise(tmp_path / "here.mkv").hashes()


def test_other_versions_are_refused_and_other_arithmetic_is_said_once(tmp_path: Path) -> None:
    one = case(tmp_path, film(tmp_path))
    with pytest.raises(DeviceError, match="a worker has OpenCV 0"):
        Cluster(changes={"versions": "OpenCV 0"}).run(one, tmp_path / "out.mkv")
    unlike = Cluster(changes={"arithmetic": "an abacus"})
    unlike.run(one, tmp_path / "unlike.mkv")
    assert len(unlike.warnings) == 1
    assert "a worker computes with an abacus" in unlike.warnings[0]
    with pytest.raises(SettingsError, match="an abacus"):
        Cluster(changes={"arithmetic": "an abacus"}, exact=True).run(one, tmp_path / "exact.mkv")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--distribute", "flow"], "--distribute cannot be flow without a cluster"),
        (["--distribute", "flow", "--cluster", "local:1", "--method", "johnson"], "this one needs none"),
    ],
)
def test_what_needs_no_cluster_is_refused(
    tmp_path: Path, options: list[str], text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["run", str(film(tmp_path)), "--style", "wave", *options]) == 2
    assert text in capfd.readouterr().err
