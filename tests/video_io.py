"""Reads videos for tests, and writes copies of them as a run would, but unstylised, so that both can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

from streamstyle.frames import Frame, OutputFrame
from streamstyle.media.probe import probe
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.weights import save_weights, style_metadata
from streamstyle.ops.image import to_tensor
from streamstyle.outputs import open_writer
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.writer import VideoWriter
from streamstyle.video_info import VideoInfo

FAST = EncoderSettings(preset="ultrafast")


def read_video(path: Path, **settings: Any) -> tuple[VideoInfo, list[Frame]]:
    """Facts and all frames of a video; `settings` are fields of SourceSettings."""
    video = probe(path, SourceSettings(**settings))
    return video, list(decode(video))


def write_copy(
    source: Path,
    output: Path,
    encoder: EncoderSettings = FAST,
    *,
    stop_after: int | None = None,
    **settings: Any,
) -> VideoWriter:
    """Write all frames and publish, or the first `stop_after` without; `settings` are fields of SourceSettings."""
    video = probe(source, SourceSettings(**settings))
    with open_writer(video, output, encoder) as writer:
        for frame in decode(video):
            if frame.index == stop_after:
                return writer
            writer.write_frame(OutputFrame(to_tensor(frame.image), frame.position, captions=frame.captions))
        writer.publish()
    return writer


def frame_images(path: Path) -> list[NDArray[np.uint8]]:
    """All frames of a film as RGB."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def frame_hashes(path: Path) -> list[str]:
    return [sha256(image.tobytes()).hexdigest() for image in frame_images(path)]


def random_style(folder: Path, *, strong: bool = False) -> Path:
    """Write a style with random weights, always the same; with strong colours small differences show."""
    torch.manual_seed(0)
    network = StyleNet(StyleNetConfig(width=4, blocks=1, half_ends=True))
    if strong:
        torch.nn.init.normal_(network.layers[-1][1].weight, std=0.5)
    save_weights(path := folder / "nonsense.safetensors", network, style_metadata(network, name="nonsense"))
    return path


def mean_difference(image: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in levels, 0 to 255."""
    return float(np.abs(image.astype(int) - other.astype(int)).mean())


def times(frames: Iterable[Frame], video: VideoInfo) -> list[Fraction]:
    """Seconds at which the frames are shown."""
    return [frame.pts * video.time_base for frame in frames]


def packets(path: Path, kind: str, number: int = 0) -> list[tuple[Fraction, bytes]]:
    """Time in seconds and content of each packet of a stream; `number` counts the streams of this kind."""
    with av.open(str(path)) as container:
        stream = [stream for stream in container.streams if stream.type == kind][number]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in container.demux(stream) if packet.size]
