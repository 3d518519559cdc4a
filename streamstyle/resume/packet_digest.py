"""A digest of video packets, the same for packets that leave the encoder and for packets that are read from the file.

Muxers change packets without changing the video: they replace the start codes of NAL units by lengths, add parameter
sets and delimiters, round times and shift them all by the same amount. What they may change so is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from math import floor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.packet import Packet

_START_CODE = b"\0\0\1"
_TEMPORAL_DELIMITER = b"\x12\0"
"""Of AV1, at the beginning of a packet."""

_ADDED_H264 = frozenset(range(7, 13))
"""Types of NAL units: parameter sets, delimiters, ends of a sequence or stream, filler data."""

_ADDED_HEVC = frozenset(range(32, 39))
"""Types of NAL units: the same of H.265."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Identifies the first packets of a video."""

    content: str
    """Of what is decoded."""
    times: str
    """Of the display times relative to the first packet; empty if the container does not keep them exactly."""

    def matches(self, other: Digest) -> bool:
        """Return whether the packets are the same, and their times where both digests know them."""
        same_times = not self.times or not other.times or self.times == other.times
        return self.content == other.content and same_times


class PacketDigest:
    """Digests packets one after another."""

    def __init__(self, codec: str, tick: Fraction, *, with_times: bool = True) -> None:
        """`codec` is FFmpeg's name of the codec, `tick` the seconds of a tick of the container's video stream.

        Without `with_times` the container does not keep times exactly.
        """
        self._codec, self._tick, self._with_times = codec, tick, with_times
        self._content, self._times = blake2b(digest_size=16), blake2b(digest_size=16)
        self._first: int | None = None

    def add(self, packet: Packet[Any]) -> None:
        """Add the next packet, with start codes where its codec has any."""
        for part in _parts(self._codec, bytes(packet)):
            self._content.update(len(part).to_bytes(4, "big"))
            self._content.update(part)
        pts = floor((packet.pts or 0) * packet.time_base / self._tick + Fraction(1, 2))
        self._first = pts if self._first is None else self._first
        self._times.update(f"{pts - self._first} ".encode())

    def digest(self) -> Digest:
        """Return the digest of the packets so far."""
        return Digest(self._content.hexdigest(), self._times.hexdigest() if self._with_times else "")


def _parts(codec: str, content: bytes) -> Iterator[bytes]:
    match codec:
        case "h264":
            yield from (unit for unit in _nal_units(content) if unit[0] & 0x1F not in _ADDED_H264)
        case "hevc":
            yield from (unit for unit in _nal_units(content) if unit[0] >> 1 & 0x3F not in _ADDED_HEVC)
        case "av1":
            yield content.removeprefix(_TEMPORAL_DELIMITER)
        case _:
            yield content


def _nal_units(content: bytes) -> Iterator[bytes]:
    """Yield the units between start codes, which another zero byte may precede."""
    return (stripped for unit in content.split(_START_CODE) if (stripped := unit.rstrip(b"\0")))
