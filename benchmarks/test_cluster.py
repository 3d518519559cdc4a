"""A film on two local workers beside one process, what the head does for each piece, and kills of its processes."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from random import Random
from subprocess import PIPE
from typing import Any

import av
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
from streamstyle.settings import EncoderSettings, FlowSettings, Method, Settings, SourceSettings
from streamstyle.styles.library import Style
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.cluster.processes import ClusterProcesses, start
from tests.films import cut, pan, write_film
from tests.video_io import frame_hashes, packets

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


@pytest.mark.parametrize("method", [Method.johnson, Method.live])
def test_local(work: Work, tmp_path: Path, report: Report, method: Method) -> None:
    """Two workers of one thread beside one process of one thread: the same film, and what it takes.

    The films are one of 40 shots and those of `--film`, at `--size`.
    """
    films = [film_of_shots(tmp_path / "shots.mkv", 40, 10, (160, 90)), *work.films]
    options = ["--method", str(method), "--threads", "1"]
    if work.source_settings.size is not None:
        options += ["--size", "x".join(map(str, work.source_settings.size))]
    for film in films:
        one, two = tmp_path / f"{film.stem}.one.mkv", tmp_path / f"{film.stem}.two.mkv"
        alone = _run(arguments(film, work.style, one, *options))
        on_cluster = _run(arguments(film, work.style, two, *options, "--cluster", "local:2"))
        same = {
            "same frames": frame_hashes(one) == frame_hashes(two),
            "same times": _times(one) == _times(two),
            "same sound": _sound(one) == _sound(two),
        }
        rows: list[Row] = [{"": "one process", **alone}, {"": "local:2", **on_cluster}]
        rows.append({"": "ratio"} | {name: on_cluster[name] / each for name, each in alone.items()})
        described = ", ".join(name if holds else f"not {name}" for name, holds in same.items())
        report.show(f"{film.stem}, {method}: {described}", rows)
        assert all(same.values())


def _run(command: list[str]) -> dict[str, Any]:
    """Run it, and return frames, shots, seconds from start to end and processor time of all its processes."""
    process = start("streamstyle", *command, stdout=PIPE)
    assert process.stdout is not None
    finished = [json.loads(line) for line in process.stdout][-1]
    _, status, usage = os.wait4(process.pid, 0)
    assert (status, finished["event"]) == (0, "finished")
    seconds, processor = finished["elapsed"], usage.ru_utime + usage.ru_stime
    return {"frames": finished["frames"], "shots": finished["shots"], "s": seconds, "CPU s": processor}


def _times(path: Path) -> list[Fraction]:
    return [time for time, _ in packets(path, "video")]


def _sound(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        has_sound = bool(container.streams.audio)
    return packets(path, "audio") if has_sound else []


def _timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            seconds.append(time.perf_counter() - began)

    return timed
