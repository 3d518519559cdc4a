"""Copy AAC into Matroska with the samples that an encoder puts before the first."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media.reader import demux, open_video
from streamstyle.media.stream_plan import add_copy

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import OutputContainer
    from av.packet import Packet

_CODEC_DELAY = b"\x56\xaa\x84"
"""Matroska's CodecDelay, with a length of four bytes: nanoseconds follow."""


def add_aac_copy(target: OutputContainer, template: Any, path: Path) -> Any:
    """Add a stream to a Matroska `target` for the packets of the template, an AAC stream of the video at `path`.

    An AAC encoder puts samples before the first. MP4 has them at negative times; Matroska has no times below zero and
    states in the track's header by how much all times are late (CodecDelay, RFC 9559). FFmpeg's muxer takes that from
    a field that PyAV 18 cannot set. So the header is written once in memory, by an encoder that sets it, and corrected.
    """
    samples = _aac_delay(path, template.index)
    header = _header_with_delay(template, samples) if samples else None
    if header is None:
        return add_copy(target, template)
    with av.open(header) as with_delay:
        return add_copy(target, with_delay.streams.audio[0], tags_from=template)


def _aac_delay(path: Path, index: int) -> int:
    """Return how many samples before time zero an audio stream begins; 0 for none."""
    with open_video(path) as container:
        stream: Any = container.streams[index]
        first = next(demux(container, stream), None)
        if first is None or first.pts is None or first.pts >= 0:
            return 0
        samples: int = round(-first.pts * first.time_base * stream.codec_context.sample_rate)
        return samples


def _header_with_delay(template: Any, samples: int) -> BytesIO | None:
    """Return a Matroska file whose header has the audio stream and its delay; None if it cannot be written."""
    rate = template.codec_context.sample_rate
    header = BytesIO()
    try:
        with av.open(header, "w", format="matroska") as container:
            stream = container.add_stream("aac", rate=rate, layout=template.codec_context.layout)
            stream.codec_context.open()
            stream.codec_context.extradata = template.codec_context.extradata
            container.mux(_dummy_packet(stream))
    except (av.FFmpegError, ValueError):
        return None
    before, element, after = header.getvalue().partition(_CODEC_DELAY)
    nanoseconds = round(samples * 1_000_000_000 / rate)
    return BytesIO(before + element + nanoseconds.to_bytes(4, "big") + after[4:]) if element else None


def _dummy_packet(stream: Any) -> Packet[Any]:
    """Return a packet to follow the header: a demuxer does not accept a file without any."""
    packet: Packet[Any] = av.Packet(bytes(8))
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packet
