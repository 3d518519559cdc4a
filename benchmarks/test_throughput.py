"""Time per frame of each stage alone, and of whole runs, at four sizes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
import torch

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from benchmarks.timed_run import run_timed
from streamstyle.events import Event, FrameWritten
from streamstyle.frames import Frame, FrameWithFlow, StylisedFrame
from streamstyle.gpu.device import tune_malloc
from streamstyle.looks import Look, Looks
from streamstyle.media.flow_cache import FlowCache
from streamstyle.media.probe import probe
from streamstyle.models.weights import load_consistency_loss_network
from streamstyle.outputs import open_writer
from streamstyle.settings import (
    ConsistencySettings,
    EncoderSettings,
    FlowPreset,
    FlowSettings,
    Method,
    SourceSettings,
)
from streamstyle.stages.consistency import consistency
from streamstyle.stages.decode import decode
from streamstyle.stages.flow import add_flow
from streamstyle.stages.shots import number_shots
from streamstyle.stages.stylise import stylise
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.styles.spec import BlendPart, StyleBlend
from streamstyle.video_info import VideoInfo
from tools.demo_film import render_demo

SIZES = ((640, 480), (960, 540), (1280, 720), (1920, 1080))
FRAMES = 3
CPU = torch.device("cpu")

T = TypeVar("T")


@pytest.fixture(scope="module")
def film(work: Work, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo film at the largest size, or the film given by --film."""
    if work.source_settings.end is not None:
        return work.film
    path = tmp_path_factory.mktemp("throughput") / "large.mkv"
    render_demo(path, 1920, 1080, seconds=FRAMES / 25)
    return path


def test_throughput(work: Work, film: Path, tmp_path: Path, report: Report) -> None:
    """Stages and whole runs in processor time, which other work on the machine hardly changes."""
    sizes = SIZES if work.full else SIZES[:2]
    columns = {size: _time_stages(film, size, work, tmp_path) for size in sizes}
    first = columns[sizes[0]]
    rows: list[Row] = []
    for stage in first:
        row: Row = {"ms of processor time per frame": stage}
        row |= {f"{w}x{h}": 1e3 * columns[w, h][stage] for w, h in sizes}
        row["ns per pixel, at the largest size"] = 1e9 * columns[sizes[-1]][stage] / (sizes[-1][0] * sizes[-1][1])
        rows.append(row)
    report.show(f"Throughput, {film.stem}, {work.style.name}", rows)
    assert all(seconds > 0 for column in columns.values() for seconds in column.values())


def _time_stages(path: Path, size: tuple[int, int], work: Work, folder: Path) -> dict[str, float]:
    """Return seconds of processor time per frame by stage; of whole runs also elapsed seconds."""
    tune_malloc()
    part = SourceSettings(size=size, end=FRAMES / 25)
    video = probe(path, part)
    seconds: dict[str, float] = {}

    def timed(stage: str, run: Callable[[], list[T]], frames: int = FRAMES) -> list[T]:
        start = time.process_time()
        result = run()
        seconds[stage] = (time.process_time() - start) / frames
        return result

    pairs = FRAMES - 1  # the first frame has no flow
    frames = timed("decode", lambda: list(decode(video)))
    shots = timed("find cuts", lambda: list(number_shots(iter(frames))))
    for preset in FlowPreset if work.full else (FlowPreset.fast, FlowPreset.medium):
        flowed = timed(f"flow, {preset}", partial(_add_flow, shots, preset, video), pairs)
    looks = Looks.constant(Look(StyleBlend(work.style.name, (BlendPart(work.style.path),))))
    networks = LookNetworks(looks, CPU)
    stylised = timed("style network", lambda: list(stylise(flowed, FrameLooks(looks), networks, CPU)))
    live = ConsistencySettings(method=Method.live)
    consistent = timed("consistency, live", lambda: list(consistency(stylised, live, None)), pairs)
    full = ConsistencySettings(method=Method.consistent)
    loss_network = load_consistency_loss_network(full, CPU)
    timed("consistency, 30 iterations", lambda: list(consistency(stylised, full, loss_network)), pairs)
    timed("encode", lambda: _encode(video, consistent, folder))
    return seconds | _time_whole_runs(path, part, work, folder)


def _time_whole_runs(path: Path, part: SourceSettings, work: Work, folder: Path) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for method in (Method.johnson, Method.live, Method.consistent):
        spent: list[float] = []
        run = run_timed(path, folder / f"{method}.mkv", work.style, method, part, on_event=partial(_note_time, spent))
        seconds[f"whole, {method}"] = (spent[-1] - spent[0]) / (len(spent) - 1)
        seconds[f"whole, {method}, elapsed"] = run.seconds_per_frame
    return seconds


def _note_time(spent: list[float], event: Event) -> None:
    if isinstance(event, FrameWritten):
        spent.append(time.process_time())


def _add_flow(frames: list[Frame], preset: FlowPreset, video: VideoInfo) -> list[FrameWithFlow]:
    settings = FlowSettings(flow=preset, flow_cache=0.0)
    with add_flow(iter(frames), settings, FlowCache.open(video, settings)) as flowed:
        return list(flowed)


def _encode(video: VideoInfo, frames: list[StylisedFrame], folder: Path) -> list[StylisedFrame]:
    with open_writer(video, folder / "encoded.mkv", EncoderSettings()) as writer:
        for frame in frames:
            writer.write(frame.image, frame.flowed.frame.pts)
        writer.publish()
    return frames
