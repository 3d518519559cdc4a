"""Renders the demo film into a file, with its sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from streamstyle.errors import SettingsError
from streamstyle.files import publish
from streamstyle.media.colour import BT709, ColourTags, FromRGB, output_colour
from streamstyle.media.output_file import new_container, output_errors
from streamstyle.media.output_names import partial_path
from tools.demo_film.film import FRAME_RATE, HEIGHT, SECONDS, WIDTH, demo_frames, frame_count
from tools.demo_film.sound import RATE, soundtrack

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream


_SOUND_FRAME = 1024
"""Samples an AAC frame."""


def render_demo(path: Path, width: int = WIDTH, height: int = HEIGHT, seconds: float = SECONDS) -> None:
    """Render the film with its sound into `path`, an mkv or mp4; both sides even, in pixels.

    OutputError where it cannot be written, SettingsError for an odd side; nothing half-written is left.
    """
    if width % 2 or height % 2:
        raise SettingsError(f"The demo film cannot be {width}x{height}", "Give two even sides.")
    partial = partial_path(path)
    try:
        with output_errors(partial):
            with new_container(path, partial) as container:
                _write(container, width, height, seconds)
            publish(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write(container: OutputContainer, width: int, height: int, seconds: float) -> None:
    colour = output_colour(ColourTags(BT709, BT709, BT709, full_range=False), width, height, "yuv420p")
    video = _add_video(container, width, height, colour)
    audio = container.add_stream("aac", rate=RATE, layout="stereo", bit_rate=128_000)
    container.metadata["title"] = "The lake and the valley"
    to_yuv = FromRGB("yuv420p", colour)
    sound = _sound_packets(audio, frame_count(seconds) / FRAME_RATE)
    for index, picture in enumerate(demo_frames(width, height, seconds)):
        frame = to_yuv(picture)
        frame.pts, frame.time_base = index, Fraction(1, FRAME_RATE)
        container.mux(video.encode(frame))
        for packet in sound:
            container.mux(packet)
            if packet.pts is not None and packet.pts * packet.time_base > index / FRAME_RATE:
                break
    container.mux(video.encode(None))
    for packet in sound:
        container.mux(packet)


def _add_video(container: OutputContainer, width: int, height: int, colour: ColourTags) -> VideoStream:
    video = container.add_stream("libx264", rate=FRAME_RATE, options={"crf": "16", "preset": "fast"})
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    context = video.codec_context
    context.color_primaries, context.color_trc, context.colorspace = colour.primaries, colour.transfer, colour.matrix
    context.color_range = 1  # limited, in FFmpeg's numbers
    return video


def _sound_packets(audio: AudioStream, seconds: float) -> Iterator[Packet[AudioStream]]:
    sound = soundtrack(seconds)
    for start in range(0, sound.shape[1], _SOUND_FRAME):
        chunk = np.ascontiguousarray(sound[:, start : start + _SOUND_FRAME])
        frame = av.AudioFrame.from_ndarray(chunk, "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        yield from audio.encode(frame)
    yield from audio.encode(None)
