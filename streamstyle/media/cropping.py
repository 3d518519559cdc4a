"""The cropping that a container states: PixelCrop of Matroska, the clean aperture of MOV and MP4.

FFmpeg's demuxers keep it as side data of the stream, which decoders do not apply and PyAV 18 does not show. So the
stream's header is written once in memory, as Matroska, and the cropping is read from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

import av

from streamstyle.video_info import Cropping

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_TRACK_VIDEO = (0x18538067, 0x1654AE6B, 0xAE, 0xE0)
"""IDs of the elements Segment, Tracks, TrackEntry and Video, each in the one before (RFC 9559)."""
_SIDES = {0x54CC: "left", 0x54BB: "top", 0x54DD: "right", 0x54AA: "bottom"}


def read_cropping(stream: VideoStream) -> Cropping:
    """Return the cropping that the container states for the frames of a stream, before rotation."""
    header = BytesIO()
    try:
        with av.open(header, "w", format="matroska") as container:
            container.add_stream_from_template(stream, opaque=True)
            container.start_encoding()
    except (av.FFmpegError, ValueError):
        return Cropping()
    elements = header.getvalue()
    for wanted in _TRACK_VIDEO:
        elements = next((content for name, content in _children(elements) if name == wanted), b"")
    sides = {_SIDES[name]: int.from_bytes(content, "big") for name, content in _children(elements) if name in _SIDES}
    return Cropping(**sides)


def _children(elements: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield ID and content of each EBML element in a row of them (RFC 8794)."""
    at = 0
    while at < len(elements):
        name, at = _number(elements, at, keep_marker=True)
        size, at = _number(elements, at, keep_marker=False)
        yield name, elements[at : at + size]
        at += size


def _number(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """Return the number of variable size at an offset, and the offset after it; the first bit set tells its size."""
    size = 9 - data[at].bit_length()
    number = int.from_bytes(data[at : at + size], "big")
    return number if keep_marker else number & ((1 << 7 * size) - 1), at + size
