"""A film as long as one likes, made by repeating a short one."""

from __future__ import annotations

from pathlib import Path

import av


def loop_film(film: Path, path: Path, frames: int) -> Path:
    """Write a film of at least `frames` pictures by repeating the packets of `film`, without its sound."""
    with av.open(str(film)) as source, av.open(str(path), "w") as container:
        video = source.streams.video[0]
        coded = [packet.pts for packet in source.demux(video) if packet.pts is not None]
        shown = sorted(coded)
        period = shown[-1] - shown[0] + shown[1] - shown[0]
        early = max(there - pts for there, pts in zip(shown, coded, strict=True))
        stream = container.add_stream_from_template(video)
        for turn in range(-(-frames // len(shown))):
            source.seek(shown[0], stream=video)
            packets = (packet for packet in source.demux(video) if packet.pts is not None)
            for packet, there in zip(packets, shown, strict=True):
                packet.pts = (packet.pts or 0) + turn * period
                packet.dts = there - early + turn * period  # mkv keeps none of its own for the first frames
                packet.stream = stream
                container.mux(packet)
    return path
