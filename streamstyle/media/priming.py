"""The samples that an AAC encoder puts before the first: MP4 tells of them in one way, Matroska in another.

In MP4 they come at negative times. Matroska has no times before zero, which players rely on: it says in the track's
header (CodecDelay, RFC 9559) by how much all its times are late. FFmpeg's muxer writes that from a field that PyAV 18
cannot set, so the track's header is made once in memory, by an encoder that sets it, and corrected there.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media.carry import add_copy
from streamstyle.media.decoding import demux
from streamstyle.media.opening import open_video

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import OutputContainer
    from av.packet import Packet

_CODEC_DELAY = b"\x56\xaa\x84"
"""The element's name, and that four bytes of nanoseconds follow."""


def add_aac_copy(target: OutputContainer, template: Any, path: Path) -> Any:
    """Add a stream to a Matroska `target` for the packets of the template, an AAC stream of the film at `path`."""
    samples = _aac_delay(path, template.index)
    header = _header_with_delay(template, samples) if samples else None
    if header is None:
        return add_copy(target, template)
    with av.open(header) as told:
        return add_copy(target, told.streams.audio[0], named_as=template)


def _aac_delay(path: Path, index: int) -> int:
    """Return how many samples before time zero a film's sound stream begins; 0 for none."""
    with open_video(path) as container:
        stream: Any = container.streams[index]
        first = next(demux(container, stream), None)
        if first is None or first.pts is None or first.pts >= 0:
            return 0
        samples: int = round(-first.pts * first.time_base * stream.codec_context.sample_rate)
        return samples


def _header_with_delay(template: Any, samples: int) -> BytesIO | None:
    """Return a Matroska file whose header has the sound stream and its priming; None where that cannot be made."""
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
    before, found, after = header.getvalue().partition(_CODEC_DELAY)
    nanoseconds = round(samples * 1_000_000_000 / rate)
    return BytesIO(before + found + nanoseconds.to_bytes(4, "big") + after[4:]) if found else None


def _dummy_packet(stream: Any) -> Packet[Any]:
    """Return something to follow the header, without which a demuxer does not believe it."""
    packet: Packet[Any] = av.Packet(bytes(8))
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packet
