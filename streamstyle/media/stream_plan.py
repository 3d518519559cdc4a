"""What goes along with the picture into the output, and what its container cannot hold: known before work starts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media.output_file import new_container
from streamstyle.media.reader import is_cover, open_video
from streamstyle.video_info import StreamInfo, VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

_FILE_TAGS = (
    "BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_", "ENCODER", "HANDLER_NAME", "VENDOR_ID", "ROTATE",
    "MAJOR_BRAND", "MINOR_VERSION", "COMPATIBLE_BRANDS",
)  # fmt: skip
"""Beginnings of tags that describe the source's file rather than what is in it."""


_MATROSKA = "matroska"
_COVER_CONTAINERS = frozenset({"mp4", "mov", "ipod"})
_NO_TEXT_SUBTITLES = frozenset({"mpegts", "mpeg", "svcd", "vob"})
"""FFmpeg writes text subtitles into these, as bytes that nothing reads."""


class StreamAction(StrEnum):
    """What becomes of a stream of the source."""

    copied = "copied"
    """Every packet goes along as it is."""
    converted = "converted"
    """Its words, or its picture, go along in a form that the container can hold."""
    left_out = "left out"


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream besides the painted one, and what becomes of it."""

    stream: StreamInfo
    action: StreamAction
    reason: str | None = None
    """For what is converted or left out."""
    codec: str = ""
    """FFmpeg's name of what it is in the output; empty where it is left out."""


def plan_streams(film: VideoInfo, output: Path) -> tuple[StreamPlan, ...]:
    """Say for every stream but the painted one what becomes of it in `output`, by writing trial headers.

    OutputError when the ending of `output` is no container.
    """
    with new_container(output, output) as unwritten:
        container = unwritten.format.name
    with open_video(film.path) as source:
        others = [stream for stream in film.streams if stream.index != film.video_stream]
        return tuple(
            _plan_stream(stream, source.streams[stream.index], container)
            or StreamPlan(
                stream, StreamAction.left_out, f"{output.suffix} cannot hold {stream.codec} {_kind_name(stream)}"
            )
            for stream in others
        )


def has_adts_aac(source: InputContainer) -> bool:
    """Whether the film has AAC as in broadcasts, whose header every packet brings along.

    FFmpeg's MP4 muxer takes it apart only where it does not write fragments.
    """
    sounds = [stream.codec_context for stream in source.streams.audio if stream.codec_context is not None]
    return any(sound.codec.canonical_name == "aac" and not sound.extradata for sound in sounds)


def _kind_name(stream: StreamInfo) -> str:
    return {"audio": "sound", "subtitle": "subtitles", "attachment": "attachments"}.get(stream.kind, stream.kind)


def _plan_stream(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    if stream.kind == "data" and template.container.chapters():  # in mp4 their titles are a track of their own
        return StreamPlan(stream, StreamAction.converted, "its chapters go along as chapters", "chapters")
    if is_cover(template):
        if container == _MATROSKA:
            return StreamPlan(stream, StreamAction.converted, "a cover is an attachment here", stream.codec)
        return _plan_copy(stream, template, container) if container in _COVER_CONTAINERS else None
    if stream.kind == "attachment":
        return _plan_copy(stream, template, container) if container == _MATROSKA else None
    if stream.kind == "subtitle" and stream.codec in TEXT_SUBTITLE_CODECS:
        return (
            None
            if container in _NO_TEXT_SUBTITLES
            else _plan_copy(stream, template, container) or _plan_conversion(stream, template, container)
        )
    return _plan_copy(stream, template, container) if stream.kind in ("audio", "subtitle", "video") else None


def _plan_copy(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    return (
        StreamPlan(stream, StreamAction.copied, codec=stream.codec) if can_hold(container, add_copy, template) else None
    )


def _plan_conversion(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    for codec in ("subrip", "mov_text", "webvtt"):
        if can_hold(container, add_text_subtitles, codec, template):
            return StreamPlan(
                stream, StreamAction.converted, f"{stream.codec} becomes {codec}, without its styling", codec
            )
    return None


def add_copy(target: OutputContainer, template: Any, named_as: Any = None) -> Any:
    """Add a stream that takes the template's packets as they are.

    Its language, title and role are the template's, or those of `named_as`.
    """
    stream = target.add_stream_from_template(template, opaque=True)
    stream.metadata.update(portable_tags((named_as or template).metadata))
    stream.disposition = (named_as or template).disposition
    return stream


def add_text_subtitles(target: OutputContainer, codec: str, template: Any) -> Any:
    """Add a stream of text subtitles in this codec, with the template's language, title and role."""
    stream: Any = target.add_stream(codec)
    stream.codec_context.subtitle_header = ASS_HEADER
    stream.metadata.update(portable_tags(template.metadata))
    stream.disposition = template.disposition
    return stream


def portable_tags(metadata: dict[str, str]) -> dict[str, str]:
    """Return the tags that are still true in another file."""
    return {key: value for key, value in metadata.items() if not key.upper().startswith(_FILE_TAGS)}


_MUX_ERRORS = (av.FFmpegError, ValueError, NotImplementedError)


class _NullFile:
    """A file that takes everything and keeps nothing, not even its own beginning."""

    def __init__(self) -> None:
        self._at = self._end = 0

    def write(self, data: bytes) -> int:
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._end)[whence]
        return self._at

    def tell(self) -> int:
        return self._at


def can_hold(container: str, add: Callable[..., object], *stream: object) -> bool:
    """Whether a header can be written with the stream alone that `add(output, *stream)` adds."""
    try:
        with av.open(_NullFile(), "w", format=container) as trial:
            add(trial, *stream)
            trial.start_encoding()
    except _MUX_ERRORS:
        return False
    return True


class MuxerProbe:
    """One stream in a container of its own, which every packet has to pass.

    A muxer queues packets of all streams, so a damaged one fails a later call, for another stream, and may take the
    end of the file with it. Here it fails alone.
    """

    def __init__(self, container: str, add: Callable[[OutputContainer], Any]) -> None:
        """`add` adds the stream to an output and returns it."""
        self._container, self._add = container, add
        self._open()

    def _open(self) -> None:
        self._output = av.open(_NullFile(), "w", format=self._container)
        self._stream = self._add(self._output)

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the container takes this packet after those it has taken; changes the packet's stream."""
        packet.stream = self._stream
        try:
            self._output.mux(packet)
        except _MUX_ERRORS:
            self._open()  # what has failed once may fail for ever
            return False
        return True


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
