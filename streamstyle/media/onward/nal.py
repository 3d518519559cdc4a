"""Units of H.264 and H.265: with a length before each in MP4 and Matroska, with start codes out of an encoder."""

from __future__ import annotations

from collections.abc import Iterator

_START = b"\x00\x00\x00\x01"
_NOTES = {"h264": (6,), "hevc": (39, 40)}
"""Kinds of units that say something to people (SEI): such as with how many threads it was encoded."""


def has_lengths(codec: str, header: bytes | None) -> bool:
    """Whether packets of a stream with this header (`extradata`) have lengths in place of start codes."""
    return codec in _NOTES and header is not None and header[:1] == b"\x01"


def with_start_codes(packet: bytes) -> bytes:
    """Return a packet as it came out of its encoder; FFmpeg writes lengths of four bytes, as long as a start code."""
    begun, data = 0, bytearray(packet)
    while begun + 4 <= len(data):
        length = int.from_bytes(data[begun : begun + 4], "big")
        data[begun : begun + 4] = _START
        begun += 4 + length
    return bytes(data)


def decisive(codec: str, header: bytes) -> bytes:
    """Return what of an encoder's header decides how its packets are decoded."""
    if codec not in _NOTES:
        return header
    return b"".join(unit for unit in _units(header) if _kind(codec, unit) not in _NOTES[codec])


def _units(header: bytes) -> Iterator[bytes]:
    for unit in header.split(_START[1:]):
        if bare := unit.rstrip(b"\x00"):
            yield bare


def _kind(codec: str, unit: bytes) -> int:
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63
