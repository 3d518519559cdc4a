"""A film as long as one likes, made by repeating a short one."""

from __future__ import annotations

from pathlib import Path

import av


def loop_film(film: Path, path: Path, frames: int) -> Path:
    """Write a film of at least `frames` pictures by repeating the packets of `film`, without its sound."""
    with av.open(str(film)) as source, av.open(str(path), "w") as container:
        video = source.streams.video[0]
        stream = container.add_stream_from_template(video)
        packets = [packet for packet in source.demux(video) if packet.size]
        times = sorted(packet.pts for packet in packets if packet.pts is not None)
        period = times[-1] - times[0] + times[1] - times[0]
        written = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(-(-frames // len(packets))):
            for packet, (pts, dts) in zip(packets, written, strict=True):
                packet.pts = None if pts is None else pts + turn * period
                packet.dts = None if dts is None else dts + turn * period
                packet.stream = stream
                container.mux(packet)
    return path
