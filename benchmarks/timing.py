"""Wall-clock times of functions; on a GPU without the time that Python needs to launch them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from streamstyle.gpu.cuda_graph import capture

REPETITIONS = 20
"""Runs of a function in a CUDA graph: launching one from Python takes longer than a small kernel runs."""

SIZES = [(640, 480), (960, 540), (1920, 1080)]


def device() -> torch.device:
    """Return the device to measure: the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """Return the name of the device for the title of a table."""
    return torch.cuda.get_device_name() if device.type == "cuda" else "the CPU"


def seconds(work: Callable[[], Any]) -> float:
    """Return the seconds until the function is finished on its device."""
    _synchronise()
    start = time.perf_counter()
    work()
    _synchronise()
    return time.perf_counter() - start


def timer(work: Callable[[], Any]) -> Callable[[], float]:
    """Return a function that measures the time on the device alone: on a GPU, of a graph with several runs."""
    if not torch.cuda.is_available():
        return lambda: seconds(work)

    def repeat() -> None:
        for _ in range(REPETITIONS):
            work()

    replay = capture(repeat)
    return lambda: seconds(replay) / REPETITIONS


def count_synchronisations(work: Callable[[], Any]) -> int | None:
    """Return how often the host waits for the GPU; None without a GPU."""
    if not torch.cuda.is_available():
        return None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            work()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(warning.message) for warning in caught)


def _synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
