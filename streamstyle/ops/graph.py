"""Work recorded once and sent to the GPU as a whole from then on: a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable

import torch

Work = Callable[[], None]
"""Reads and writes tensors that stay where they are, and reads no number on the host."""

_WARMING = 3
"""Times the work is done before it is recorded: libraries choose and set up on the way, which cannot be recorded."""


def recorded(work: Work) -> Work:
    """Return what does the work with one launch; it has been done a few times here.

    RuntimeError where it cannot be recorded.
    """
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARMING):
            work()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    # By default nothing in any thread may ask for memory meanwhile, as uploads of later frames do.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        work()
    replay: Work = graph.replay
    return replay
