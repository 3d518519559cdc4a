"""What the head of a cluster does for each piece, and kills of its processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.cluster_kills import HEAD, SCHEDULER, WORKER, Campaign
from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.cluster import head
from streamstyle.cluster.head import Hands, run_on_cluster
from streamstyle.cluster.journal import Journal
from streamstyle.cluster.packets import PacketCutter
from streamstyle.cluster.painting import paint
from streamstyle.media.probe import probe
from streamstyle.settings import EncoderSettings, FlowSettings, Settings, SourceSettings
from streamstyle.styles.library import Style
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.cluster.processes import ClusterProcesses, start
from tests.films import cut, pan, write_film
from tests.video_io import frame_hashes

KILLS = [WORKER, WORKER, WORKER, WORKER, WORKER, HEAD, SCHEDULER] * 4
WORKERS = 2


def film_of_shots(path: Path, shots: int, frames: int, size: tuple[int, int]) -> Path:
    """Pans over different textures, with sound."""
    scene = cut(*(pan(frames, *size, step=(1 + shot % 3, shot % 2), seed=shot) for shot in range(shots)))
    return write_film(path, scene.frames, codec="libx264", audio=True)


def arguments(film: Path, style: Style, output: Path, *options: str) -> list[str]:
    fixed = ["--codec", "ffv1", "--flow-cache", "0", "--json", "-y"]
    return ["run", str(film), "--style", str(style.path), "-o", str(output), *fixed, *options]


def test_kills(work: Work, tmp_path: Path, report: Report) -> None:
    """Kill workers 20 times, the head and the scheduler four times each; the film has to be that of one process."""
    film = film_of_shots(tmp_path / "film.mkv", 16, 12, (96, 64))
    output, whole = tmp_path / "out.mkv", tmp_path / "whole.mkv"
    assert start("streamstyle", *arguments(film, work.style, whole, "--threads", "1")).wait() == 0
    began, random = time.monotonic(), Random(18)
    with ClusterProcesses(tmp_path, WORKERS) as cluster:
        on_cluster = arguments(film, work.style, output, "--threads", "1", "--cluster", str(cluster.scheduler_file))
        campaign = Campaign(cluster, on_cluster, output, random)
        campaign.run(random.sample(KILLS, len(KILLS)), seconds=2.0)
    same = [frame_hashes(path) == frame_hashes(whole) for path in campaign.finished]
    lost = [noted - resumed for noted, resumed in campaign.resumed]
    report.show(
        "Kills",
        [
            {
                "killed": ", ".join(f"{target} {count}" for target, count in campaign.kills.items()),
                "finished films": len(same),
                "of them the same": sum(same),
                "runs resumed": len(lost),
                "noted frames lost": sum(lost),
                "s": time.monotonic() - began,
            }
        ],
    )
    assert all(same)
    assert not any(lost)


def test_head(work: Work, tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the head does for each piece, beside what painting it takes."""
    film = film_of_shots(tmp_path / "film.mkv", 8, 12, (320, 180))
    spent, painting = dict[str, list[float]](), list[float]()
    for owner, name in ((PacketCutter, "cut"), (Journal, "add"), (head, "check_piece"), (head, "join")):
        monkeypatch.setattr(owner, name, _timed(getattr(owner, name), spent.setdefault(name, [])))
    settings = Settings(source=SourceSettings(), flow=FlowSettings(flow_cache=0), encoder=EncoderSettings(), threads=1)
    video, style = probe(film, settings.source), StyleBlend(work.style.name, (BlendPart(work.style.path),))
    with ThreadPoolExecutor(1) as executor:
        hands = Hands(executor, _timed(paint, painting), lambda: 1, False, "one thread")
        began = time.thread_time()
        run_on_cluster(video, tmp_path / "out.mkv", style, settings, hands, lambda _: None, threading.Event())
        cpu = time.thread_time() - began
    pieces = len(painting)
    rows: list[Row] = [
        {"for each piece of 12 frames, 320x180": name, "ms": 1000 * sum(seconds) / pieces}
        for name, seconds in (*spent.items(), ("head's thread, processor time", [cpu]), ("painting", painting))
    ]
    report.show("The head", rows)


def _timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            seconds.append(time.perf_counter() - began)

    return timed
