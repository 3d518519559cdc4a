"""How long work takes by the clock, and on a GPU: without the time that Python needs to ask for it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from streamstyle.gpu.cuda_graph import capture

TIMES = 20
"""Runs of a kernel in a row on a GPU: Python takes longer to ask for one than one takes."""

SIZES = [(640, 480), (960, 540), (1920, 1080)]


def device() -> torch.device:
    """Return the device that is measured: the GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """Return the device's name, as it goes into a table's title."""
    return torch.cuda.get_device_name() if device.type == "cuda" else "the CPU"


def seconds(work: Callable[[], Any]) -> float:
    """Return how long it takes until the work is done, wherever it is done."""
    _wait()
    began = time.perf_counter()
    work()
    _wait()
    return time.perf_counter() - began


def timer(work: Callable[[], Any]) -> Callable[[], float]:
    """Return what tells how long the work takes the device alone: on a GPU it is recorded, a few times in a row."""
    if not torch.cuda.is_available():
        return lambda: seconds(work)

    def in_a_row() -> None:
        for _ in range(TIMES):
            work()

    replay = capture(in_a_row)
    return lambda: seconds(replay) / TIMES


def count_synchronisations(work: Callable[[], Any]) -> int | None:
    """Return how often the host waits for the GPU in the work; None where there is none."""
    if not torch.cuda.is_available():
        return None
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            work()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(warning.message) for warning in said)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
