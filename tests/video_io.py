"""Films read, and written as if painted: the painting is the picture itself, so what comes out can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from streamstyle.frames import Frame
from streamstyle.media.probe import probe
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.weights import save_weights, style_metadata
from streamstyle.ops.image import to_tensor
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.writer import VideoWriter, open_writer
from streamstyle.video_info import VideoInfo

FAST = EncoderSettings(preset="ultrafast")


def read_video(path: Path, **settings: Any) -> tuple[VideoInfo, list[Frame]]:
    """The film and all frames of it; `settings` are those of the source."""
    film = probe(path, SourceSettings(**settings))
    return film, list(decode(film))


def nonsense_style(folder: Path, *, strong: bool = False) -> Path:
    """A style that nobody has trained: it paints nonsense, but always the same; in strong colours a change shows."""
    torch.manual_seed(0)
    network = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True))
    if strong:
        torch.nn.init.normal_(network.layers[-1][1].weight, std=0.5)
    save_weights(path := folder / "nonsense.safetensors", network, style_metadata(network, name="nonsense"))
    return path


def write_copy(
    source: Path,
    output: Path,
    sink: EncoderSettings = FAST,
    *,
    stop_after: int | None = None,
    **settings: Any,
) -> VideoWriter:
    """Write the whole film, or its first frames without publishing; `settings` are those of the source."""
    film = probe(source, SourceSettings(**settings))
    with open_writer(film, output, sink) as opened:
        for frame in decode(film):
            if frame.index == stop_after:
                return opened
            opened.write(to_tensor(frame.image), frame.pts)
        opened.publish()
    return opened


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in levels."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def times(frames: Iterable[Frame], film: VideoInfo) -> list[Fraction]:
    """Seconds at which the frames are shown."""
    return [frame.pts * film.time_base for frame in frames]


def packets(path: Path, kind: str, number: int = 0) -> list[tuple[Fraction, bytes]]:
    """When each packet of a stream is due, in seconds, and what is in it; `number` counts streams of one kind."""
    with av.open(str(path)) as container:
        stream = [stream for stream in container.streams if stream.type == kind][number]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in container.demux(stream) if packet.size]
