"""Convert text subtitles from one format to another, each with its own escapes and markup.

FFmpeg's decoders turn every format into the text of an ASS event; its encoders turn that into the target's markup, but
escape nothing and know no drawings: `_prepare` does that in between.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, cast

import av
from av.subtitles.subtitle import AssSubtitle, SubtitleSet

if TYPE_CHECKING:
    from av.subtitles.codeccontext import SubtitleCodecContext

TEXT_SUBTITLE_CODECS = frozenset({"subrip", "text", "ass", "ssa", "webvtt", "mov_text"})
"""Subtitle codecs whose packets hold text rather than images."""

ASS_HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\n"
    b"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    b"Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    b"MarginV, Encoding\r\nStyle: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n"
    b"\r\n[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)
"""FFmpeg's text subtitle encoders do not open without such a header."""

_FIELDS_BEFORE_TEXT = 8
_EVENT = "0,0,Default,,0,0,0,,"
_OVERRIDES = re.compile(r"(\{\\[^}]*\})")
_DRAWING = re.compile(r"\{[^}]*\\p[1-9][^}]*\}.*?(?:\{[^}]*\\p0[^}]*\}|$)", re.DOTALL)
_FONT = re.compile(r"\\(?:fs[\d.]*|fn[^\\}]*|\d?a&H[0-9A-Fa-f]+&|1?c&H[Ff]{6}&)")
"""Size, name, opacity, and white: they belong to the canvas and the default style of the source."""


class SubtitleConverter:
    """Converts the packets of one stream; bold, italics, colours and positions are kept where the target has them."""

    def __init__(self, source: str, target: str, extradata: bytes | None = None) -> None:
        """`source` and `target` are of `TEXT_SUBTITLE_CODECS`; `extradata` is that of the source."""
        self._source, self._target = source, target
        self._decoder = _create(source, "r")
        self._decoder.extradata = extradata
        self._encoder = _create(target, "w")
        self._encoder.subtitle_header = ASS_HEADER

    def convert(self, payload: bytes) -> bytes | None:
        """Return the payload of a packet in the other format; None if it has no text, or cannot be decoded."""
        packet = av.Packet(payload if self._source == "mov_text" else payload.decode("utf-8", "replace").encode())
        packet.pts = 0
        try:
            events = self._decoder.decode2(packet) or ()
        except av.FFmpegError:
            return None
        texts = [_event_text(event) for event in events if isinstance(event, AssSubtitle)]
        text = _prepare("\\N".join(texts), self._target)
        if not _OVERRIDES.sub("", text).strip():
            return None
        return bytes(self._encoder.encode_subtitle(SubtitleSet.create(f"{_EVENT}{text}".encode(), 0, 0)))


def _create(codec: str, mode: str) -> SubtitleCodecContext:
    return cast("SubtitleCodecContext", av.CodecContext.create(codec, mode))  # type: ignore[call-overload]


def _event_text(event: AssSubtitle) -> str:
    return event.ass.decode("utf-8", "replace").split(",", _FIELDS_BEFORE_TEXT)[-1]


def _prepare(text: str, target: str) -> str:
    """Return the text of an ASS event as FFmpeg's encoder of the target has to get it."""
    if target in ("ass", "ssa"):
        return text
    parts = _OVERRIDES.split(_DRAWING.sub("", text))  # text and overrides in turn
    return "".join(
        _FONT.sub("", part).replace("{}", "") if index % 2 else _literal(part, target)
        for index, part in enumerate(parts)
    )


def _literal(text: str, target: str) -> str:
    """Return text without overrides with the escapes of ASS undone, and those of the target made."""
    text = text.replace("\\{{}", "{").replace("\\{", "{").replace("\\}", "}").replace("\\h", "\u00a0")
    return html.escape(text, quote=False) if target == "webvtt" else text
