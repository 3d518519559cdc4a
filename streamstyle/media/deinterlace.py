"""Deinterlace decoded frames with FFmpeg's filter bwdif: one frame for each, at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
from av.filter import Graph

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


def deinterlace(
    frames: Iterable[VideoFrame],
    time_base: Fraction,  # seconds per tick of their times
    which: str,  # `interlaced`: frames that are marked so; `all`
) -> Iterator[VideoFrame]:
    """Yield the frames deinterlaced; each needs the one before and the one after it."""
    graph, shape = None, None
    for frame in frames:
        if graph is None or (frame.width, frame.height, frame.format.name) != shape:
            if graph is not None:
                yield from _flush(graph, time_base)
            shape = (frame.width, frame.height, frame.format.name)
            graph = _open(frame, time_base, which)
        frame.time_base = time_base
        graph.push(frame)
        yield from _pull(graph, time_base)
    if graph is not None:
        yield from _flush(graph, time_base)


def _open(frame: VideoFrame, time_base: Fraction, which: str) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    bwdif = graph.add("bwdif", f"mode=send_frame:parity=auto:deint={which}")
    sink = graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    return graph


def _flush(graph: Graph, time_base: Fraction) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _pull(graph, time_base)


def _pull(graph: Graph, time_base: Fraction) -> Iterator[VideoFrame]:
    """Yield what the filter has ready, with times in the ticks of its input: its own are half as long."""
    while True:
        try:
            frame = cast("VideoFrame", graph.pull())
        except (av.BlockingIOError, av.EOFError):
            return
        ratio = Fraction(frame.time_base or time_base) / time_base
        if frame.pts is not None:
            frame.pts = round(frame.pts * ratio)
        frame.duration = round(frame.duration * ratio)
        frame.time_base = time_base
        yield frame
