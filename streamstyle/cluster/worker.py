"""What runs in the processes of the workers, called by the engine."""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import psutil
import torch
from distributed import get_worker

from streamstyle import __version__
from streamstyle.cluster.activity import Report
from streamstyle.cluster.flow import ComputedFlow, FlowTask, compute_flow
from streamstyle.cluster.orders import Orders, View
from streamstyle.cluster.painting import (
    FilmMissing,
    PaintedPiece,
    PieceTask,
    has_film,
    paint,
    usable_cores,
    worker_name,
)
from streamstyle.frames import Frame, FrameWithFlow
from streamstyle.gpu.device import describe_arithmetic, select_device, set_threads
from streamstyle.gpu.dispatch import why_unavailable
from streamstyle.looks import Look, Looks
from streamstyle.settings import Device
from streamstyle.stages.stylise import stylise
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.styles.spec import parse_style
from streamstyle.video_info import VideoInfo

_REPORT_SECONDS = 0.5
"""Least time between two reports of progress."""

_orders: dict[str, Orders] = {}
"""By run."""

_done: dict[str, int] = {}
"""By run, the frames that this worker has done."""


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One worker, as `streamstyle cluster check` shows it."""

    host: str
    version: str
    torch: str
    opencv: str
    python: str
    cores: int
    memory: int
    """Bytes."""
    arithmetic: str
    kernels: str
    """`compiled`, or why they cannot be used."""
    has_film: bool
    gpu: str
    """Name of the GPU; empty without one."""


def paint_on_worker(task: PieceTask, run: str) -> PaintedPiece | FilmMissing:
    """Paint a piece and report its progress under the name of the run. Raises StreamstyleError."""
    due, before = 0.0, _done.get(run, 0)
    orders = _orders_of(run)

    def observe(frames: int) -> None:
        nonlocal due
        _done[run] = before + frames
        if time.monotonic() >= due:
            due = time.monotonic() + _REPORT_SECONDS
            _report(run, task.piece.number, frames)

    observe(0)
    return paint(task, observe, orders.stop, orders.carry_out)


def compute_flow_on_worker(task: FlowTask, run: str) -> ComputedFlow:
    """Compute flow and report how many frames were done. ValueError for pictures that arrived damaged."""
    _report(run, None, 0)
    computed = compute_flow(task)
    _done[run] = _done.get(run, 0) + task.frames
    _report(run, None, 0)
    return computed


def _report(run: str, piece: int | None, frames: int) -> None:
    worker = get_worker()
    report = Report(worker=worker.address, name=worker_name(), piece=piece, frames=frames, total=_done.get(run, 0))
    worker.log_event(run, report)


def stop_run(run: str) -> None:
    """Make this worker leave the piece of a run that it paints."""
    _orders_of(run).end()


def pause_run(run: str, paused: bool) -> None:
    """Make this worker pause the piece of a run that it paints, or continue."""
    _orders_of(run).pause(paused=paused)


def show_frame(run: str, view: View) -> Any:
    """Return what the view that was ordered last has shown of a frame, and order this one."""
    return _orders_of(run).show(view)


def _orders_of(run: str) -> Orders:
    return _orders.setdefault(run, Orders())


def worker_facts(video: VideoInfo | None, fingerprint: str) -> dict[str, Any]:
    """Return the facts of this worker, and whether it has a film."""
    device = select_device(Device.auto)
    facts = WorkerFacts(
        host=platform.node(),
        version=__version__,
        torch=torch.__version__,
        opencv=cv2.__version__,
        python=platform.python_version(),
        cores=psutil.cpu_count() or 1,
        memory=psutil.virtual_memory().total,
        arithmetic=describe_arithmetic(device),
        kernels=why_unavailable(device.type) or "compiled",
        has_film=video is not None and has_film(video, fingerprint),
        gpu=torch.cuda.get_device_name(device) if device.type == "cuda" else "",
    )
    return asdict(facts)


def seconds_per_frame() -> float:
    """Return the seconds that one frame of 640x360 takes to stylise on all cores, after one to warm up."""
    set_threads(usable_cores())
    device = select_device(Device.auto)
    looks = Looks.constant(Look(parse_style("wave")))
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
    frames = (FrameWithFlow(Frame(noise, index, index), None) for index in range(2))
    stylised = stylise(frames, FrameLooks(looks), LookNetworks(looks, device), device)
    next(stylised).image.sum().item()
    began = time.monotonic()
    next(stylised).image.sum().item()
    return time.monotonic() - began
