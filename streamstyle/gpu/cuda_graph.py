"""CUDA graphs: a step is captured once and from then on launched as a whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import torch

Step = Callable[[], None]
"""Work on tensors at fixed addresses that never synchronises with the host."""

_WARMUP_RUNS = 3
"""Runs before the capture: libraries select algorithms and allocate workspaces then, which cannot be captured."""


def capture(step: Step) -> Step:
    """Return a function that replays the step with one launch. The step runs a few times here, for warm-up.

    If the step cannot be captured, its error is raised, and stream, allocator and memory are as before the call.
    """
    current, side = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    _warm_up(step, current, side)
    graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
    try:
        # On the stream of the warm-up, because cuBLAS and cuDNN have a workspace per stream. The default capture mode
        # would forbid allocations in all threads, and other threads upload later frames.
        with torch.cuda.graph(graph, pool=pool, stream=side, capture_error_mode="thread_local"):
            step()
    except Exception as error:
        torch.cuda.set_stream(current)
        _reset_allocator(pool)
        raise _root_cause(error) from None
    replay: Step = graph.replay
    return replay


def _warm_up(step: Step, current: torch.cuda.Stream, side: torch.cuda.Stream) -> None:
    side.wait_stream(current)
    try:
        with torch.cuda.stream(side):
            for _ in range(_WARMUP_RUNS):
                step()
    finally:
        current.wait_stream(side)  # else memory freed after an error could still be written to by queued kernels


def _reset_allocator(pool: tuple[int, int]) -> None:
    """Tell torch's allocator that an invalidated capture is over.

    After one, torch leaves its capture stream current (`torch.cuda.graph.__exit__`) and the allocator in capture mode,
    where the next `empty_cache` or lack of memory fails an assertion (`CUDACachingAllocator.cpp`).
    """
    device = torch.cuda.current_device()
    with suppress(RuntimeError, AttributeError):  # if torch did end the capture, the graph releases the pool
        torch._C._cuda_endAllocateToPool(device, pool)
        torch._C._cuda_releasePool(device, pool)


def _root_cause(error: Exception) -> Exception:
    """Return the error that invalidated a capture; the one raised at its end only says that there was one."""
    cause = error.__context__
    if not isinstance(cause, Exception):
        return error
    error.__traceback__ = None  # breaks a reference cycle of the two errors, which would keep the step's memory alive
    return cause
