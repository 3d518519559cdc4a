"""Subtitles as text, between the codecs that containers insist on."""

from __future__ import annotations

import re

TEXT_SUBTITLE_CODECS = frozenset({"subrip", "text", "ass", "ssa", "webvtt", "mov_text"})
"""Subtitle codecs whose packets hold words rather than pictures."""

ASS_HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\n"
    b"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    b"Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    b"MarginV, Encoding\r\nStyle: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n"
    b"\r\n[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)
"""What FFmpeg's text subtitle encoders have to be given before they open."""

MOV_TEXT_GAP = b"\0\0"
"""The packet with which MP4 fills the time between words; its muxer makes its own."""

_ASS_FIELDS_BEFORE_TEXT = 8
_ASS_OVERRIDE = re.compile(r"\{[^}]*\}")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")


def convert_subtitle(payload: bytes, source: str, target: str) -> bytes:
    """Return a packet's words as a packet of another of `CODECS`; what only styles them is left behind."""
    return _encode_text(_decode_text(payload, source), target)


def _decode_text(payload: bytes, codec: str) -> str:
    if codec == "mov_text":  # a 16-bit length, the words, then boxes with their styles (3GPP TS 26.245)
        length = int.from_bytes(payload[:2], "big")
        return payload[2 : 2 + length].decode("utf-8", "replace")
    text = payload.decode("utf-8", "replace")
    if codec in ("ass", "ssa"):
        words = text.split(",", _ASS_FIELDS_BEFORE_TEXT)[-1]
        return _ASS_OVERRIDE.sub("", words).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return text


def _encode_text(text: str, codec: str) -> bytes:
    if codec == "mov_text":
        words = _TAG.sub("", text).encode()[:0xFFFF]
        return len(words).to_bytes(2, "big") + words
    return text.encode()
