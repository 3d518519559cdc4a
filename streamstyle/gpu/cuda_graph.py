"""Work recorded once and sent to the GPU as a whole from then on: a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import torch

Step = Callable[[], None]
"""Reads and writes tensors that stay where they are, and reads no number on the host."""

_WARMUP_RUNS = 3
"""Times the work is done before it is recorded: libraries choose and set up on the way, which cannot be recorded."""


def capture(step: Step) -> Step:
    """Return what does the work with one launch; it has been done a few times here.

    What the work raises where it cannot be recorded is raised, and all is as if nothing had been tried.
    """
    current, side = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    _warm_up(step, current, side)
    graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
    try:
        # The stream is the one warmed up on: cuBLAS and cuDNN have memory to work in for each. By default nothing in
        # any thread might ask for memory meanwhile, as uploads of later frames do.
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
        current.wait_stream(side)  # or memory given back after an error would be written to by what is still under way


def _reset_allocator(pool: tuple[int, int]) -> None:
    """Tell torch that a recording is over; it does not notice where one is spoiled.

    It would leave its own stream the current one of this thread (`torch.cuda.graph.__exit__`) and, believing to record
    still, answer the next `empty_cache`, or the next lack of memory, with an assertion (`CUDACachingAllocator.cpp`).
    """
    device = torch.cuda.current_device()
    with suppress(RuntimeError, AttributeError):  # where it has noticed the graph gives the pool back itself
        torch._C._cuda_endAllocateToPool(device, pool)
        torch._C._cuda_releasePool(device, pool)


def _root_cause(error: Exception) -> Exception:
    """Return what spoiled a recording: the error by which it then ends says only that something had."""
    first = error.__context__
    if not isinstance(first, Exception):
        return error
    error.__traceback__ = None  # it holds the first, which will hold this one: all memory of the work, until collected
    return first
