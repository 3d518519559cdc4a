"""Makes a long film by repeating a short one."""

from __future__ import annotations

from pathlib import Path

import av


def loop_film(film: Path, path: Path, frames: int) -> Path:
    """Write a film of at least `frames` frames by repeating the video packets of `film`."""
    with av.open(str(film)) as source, av.open(str(path), "w") as container:
        video = source.streams.video[0]
        decode_order = [packet.pts for packet in source.demux(video) if packet.pts is not None]
        display_order = sorted(decode_order)
        period = display_order[-1] - display_order[0] + display_order[1] - display_order[0]
        delay = max(shown - pts for shown, pts in zip(display_order, decode_order, strict=True))
        stream = container.add_stream_from_template(video)
        for repetition in range(-(-frames // len(display_order))):
            source.seek(display_order[0], stream=video)
            packets = (packet for packet in source.demux(video) if packet.pts is not None)
            for packet, shown in zip(packets, display_order, strict=True):
                packet.pts = (packet.pts or 0) + repetition * period
                packet.dts = shown - delay + repetition * period  # mkv has none for the first frames
                packet.stream = stream
                container.mux(packet)
    return path
