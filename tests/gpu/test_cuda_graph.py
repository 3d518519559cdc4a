"""Capturing a graph by torch's own `torch.cuda.graph` on a simulated GPU, especially failures."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
import torch

from streamstyle.gpu.cuda_graph import capture

POOL = (0, 7)
INVALIDATED = "CUDA error: operation failed due to a previous error during capture"


class GPU:
    """Streams and their dependencies, pools being captured, and whether the capture is invalidated."""

    def __init__(self) -> None:
        self.numbers = count()
        self.here = self.current = Stream(self)
        self.capturing: list[tuple[int, int]] = []
        self.released: list[tuple[int, int]] = []
        self.invalidated = False
        self.replays = 0

    def end(self, device: int, pool: tuple[int, int]) -> None:
        if pool not in self.capturing:
            raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
        self.capturing.remove(pool)

    def release(self, device: int, pool: tuple[int, int]) -> None:
        self.released.append(pool)


class Stream:
    def __init__(self, gpu: GPU) -> None:
        self.gpu, self.number = gpu, next(gpu.numbers)
        self.waited: list[Stream] = []

    def wait_stream(self, other: Stream) -> None:
        self.waited.append(other)


class Context:
    """As `torch.cuda.stream`."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        self.before, self.stream.gpu.current = self.stream.gpu.current, self.stream

    def __exit__(self, *_: object) -> None:
        self.stream.gpu.current = self.before


def graph_of(gpu: GPU) -> type:
    class Graph:
        """As `CUDAGraph.cpp`: if ending the capture fails, the allocator is not told."""

        def capture_begin(self, pool: tuple[int, int], **how: Any) -> None:
            assert how["capture_error_mode"] == "thread_local"
            assert gpu.current is not gpu.here
            gpu.capturing.append(pool)

        def capture_end(self) -> None:
            if gpu.invalidated:
                raise RuntimeError(INVALIDATED)
            gpu.capturing.clear()

        def replay(self) -> None:
            gpu.replays += 1

    return Graph


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> GPU:
    gpu = GPU()
    replacements: dict[str, Any] = {
        "Stream": lambda: Stream(gpu),
        "stream": Context,
        "current_stream": lambda: gpu.current,
        "set_stream": lambda stream: setattr(gpu, "current", stream),
        "current_device": lambda: 0,
        "synchronize": lambda: None,
        "empty_cache": lambda: None,
        "CUDAGraph": graph_of(gpu),
        "graph_pool_handle": lambda: POOL,
    }
    for name, replacement in replacements.items():
        monkeypatch.setattr(torch.cuda, name, replacement)
    monkeypatch.setattr(torch.cuda.graph, "default_capture_stream", Stream(gpu))
    monkeypatch.setattr(torch._C, "_host_emptyCache", lambda: None, raising=False)
    monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", gpu.end, raising=False)
    monkeypatch.setattr(torch._C, "_cuda_releasePool", gpu.release, raising=False)
    return gpu


def test_a_step_is_warmed_up_on_a_side_stream_and_captured(gpu: GPU) -> None:
    streams: list[Stream] = []
    replay = capture(lambda: streams.append(gpu.current))
    *warm_up, capture_stream = streams
    assert set(warm_up) == {capture_stream}, "libraries have their workspaces for this stream only"
    assert capture_stream is not gpu.here
    assert warm_up[0].waited == [gpu.here], "the tensors that the step reads must be complete"
    assert gpu.here.waited == [warm_up[0]]
    assert (gpu.current, gpu.capturing, gpu.released) == (gpu.here, [], [])
    replay()
    assert (gpu.replays, len(streams)) == (1, len(warm_up) + 1)


def test_an_invalidated_capture_restores_stream_and_allocator(gpu: GPU) -> None:
    """Otherwise this thread would stay on the capture stream, and no memory could be freed."""

    def work() -> None:
        if gpu.capturing:
            gpu.invalidated = True
            raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    with pytest.raises(RuntimeError, match="not permitted"):  # not the error at the end of the capture
        capture(work)
    assert gpu.current is gpu.here
    assert gpu.capturing == []
    assert gpu.released == [POOL]


def test_a_capture_invalidated_without_an_error_raises_its_own(gpu: GPU) -> None:
    gpu.invalidated = True
    with pytest.raises(RuntimeError, match="previous error"):
        capture(lambda: None)
    assert (gpu.current, gpu.capturing, gpu.released) == (gpu.here, [], [POOL])


def test_out_of_memory_during_capture_releases_the_pool_once(gpu: GPU) -> None:
    def work() -> None:
        if gpu.capturing:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        capture(work)
    assert (gpu.current, gpu.capturing) == (gpu.here, [])
    assert gpu.released == [], "the graph releases it; releasing it twice would end the process"


def test_tensors_of_a_failed_capture_are_freed(gpu: GPU) -> None:
    """Otherwise there would be no memory for the fallback."""

    class Activation:
        pass

    kept: list[weakref.ref[Activation]] = []

    def work() -> None:
        activation = Activation()
        kept.append(weakref.ref(activation))
        if gpu.capturing:
            gpu.invalidated = True
            raise torch.OutOfMemoryError("CUDA out of memory")

    gc.disable()
    try:
        with suppress(torch.OutOfMemoryError):
            capture(work)
        assert [activation() for activation in kept] == [None] * len(kept)
        assert gpu.invalidated
    finally:
        gc.enable()


def test_after_a_failed_warm_up_the_stream_waits_for_queued_work(gpu: GPU) -> None:
    def work() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        capture(work)
    assert len(gpu.here.waited) == 1
    assert gpu.current is gpu.here
