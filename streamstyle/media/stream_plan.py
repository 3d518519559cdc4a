"""Plan what becomes of the other streams of a video: copied, converted, or left out because the container cannot hold
them. Known before work starts, by writing trial headers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media.output_file import new_container
from streamstyle.media.reader import is_cover, open_video
from streamstyle.media.subtitle_text import ASS_HEADER, TEXT_SUBTITLE_CODECS
from streamstyle.video_info import StreamInfo, VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

_FILE_TAGS = (
    "BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_", "ENCODER", "HANDLER_NAME", "VENDOR_ID", "ROTATE",
    "MAJOR_BRAND", "MINOR_VERSION", "COMPATIBLE_BRANDS",
)  # fmt: skip
"""Prefixes of tags that describe the source file rather than its content."""

_MATROSKA = "matroska"
_COVER_CONTAINERS = frozenset({"mp4", "mov", "ipod"})
_NO_TEXT_SUBTITLES = frozenset({"mpegts", "mpeg", "svcd", "vob"})
"""FFmpeg writes text subtitles into these too, but no player reads them."""

_MUX_ERRORS = (av.FFmpegError, ValueError, NotImplementedError)

MOV_TEXT_GAP = b"\0\0"
"""The packet that fills the time between subtitles in MP4; the muxer adds its own."""


class StreamAction(StrEnum):
    """What becomes of a stream of the source."""

    copied = "copied"
    """Every packet is written unchanged."""
    converted = "converted"
    """The text, or the image, is written in another format that the container can hold."""
    left_out = "left out"


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What becomes of one stream other than the stylised one."""

    stream: StreamInfo
    action: StreamAction
    reason: str | None = None
    """Why it is converted or left out."""
    codec: str = ""
    """FFmpeg's name of the codec in the output; empty if it is left out."""


def plan_streams(video: VideoInfo, output: Path) -> tuple[StreamPlan, ...]:
    """Return what becomes of every stream but the stylised one in `output`.

    OutputError if FFmpeg knows no container by the suffix of `output`.
    """
    with new_container(output, output) as unwritten:
        container = unwritten.format.name
    with open_video(video.path) as source:
        others = [stream for stream in video.streams if stream.index != video.video_stream]
        return tuple(
            _plan_stream(stream, source.streams[stream.index], container)
            or StreamPlan(
                stream, StreamAction.left_out, f"{output.suffix} cannot hold {stream.codec} {_kind_name(stream)}"
            )
            for stream in others
        )


def has_adts_aac(source: InputContainer) -> bool:
    """Whether the video has AAC in ADTS, as in broadcasts: with a header in every packet.

    FFmpeg's MP4 muxer converts it only if it does not write fragments.
    """
    contexts = [stream.codec_context for stream in source.streams.audio if stream.codec_context is not None]
    return any(context.codec.canonical_name == "aac" and not context.extradata for context in contexts)


def _kind_name(stream: StreamInfo) -> str:
    return {"subtitle": "subtitles", "attachment": "attachments"}.get(stream.kind, stream.kind)


def _plan_stream(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    """Return the plan for a stream; None if the container cannot hold it in any form."""
    if stream.kind == "data" and template.container.chapters():  # in MP4 their titles are a track of their own
        return StreamPlan(stream, StreamAction.converted, "written as chapters", "chapters")
    if is_cover(template):
        if container == _MATROSKA:
            return StreamPlan(stream, StreamAction.converted, "a cover becomes an attachment", stream.codec)
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
            return StreamPlan(stream, StreamAction.converted, f"{stream.codec} becomes {codec}", codec)
    return None


def add_copy(target: OutputContainer, template: Any, tags_from: Any = None) -> Any:
    """Add a stream for the template's packets as they are, with the tags and disposition of it or of `tags_from`."""
    stream = target.add_stream_from_template(template, opaque=True)
    stream.metadata.update(portable_tags((tags_from or template).metadata))
    stream.disposition = (tags_from or template).disposition
    return stream


def add_text_subtitles(target: OutputContainer, codec: str, template: Any) -> Any:
    """Add a stream of text subtitles in this codec, with the template's tags and disposition."""
    stream: Any = target.add_stream(codec)
    stream.codec_context.subtitle_header = ASS_HEADER
    stream.metadata.update(portable_tags(template.metadata))
    stream.disposition = template.disposition
    return stream


def portable_tags(metadata: dict[str, str]) -> dict[str, str]:
    """Return the tags that also hold for another file."""
    return {key: value for key, value in metadata.items() if not key.upper().startswith(_FILE_TAGS)}


def can_hold(container: str, add: Callable[..., object], *stream: object) -> bool:
    """Whether a container can be written that has only the stream which `add(container, *stream)` adds."""
    try:
        with av.open(_NullFile(), "w", format=container) as trial:
            add(trial, *stream)
            trial.start_encoding()
    except _MUX_ERRORS:
        return False
    return True


class MuxerProbe:
    """A muxer for one stream, which discards its output and tells which packets are accepted.

    The muxer of the output queues packets of all streams, so a damaged packet fails in a later call, for another
    stream, and the end of the file may be lost. Here it fails alone.
    """

    def __init__(self, container: str, add: Callable[[OutputContainer], Any]) -> None:
        """`add` adds the stream to a container and returns it."""
        self._container, self._add = container, add
        self._open()

    def _open(self) -> None:
        self._output = av.open(_NullFile(), "w", format=self._container)
        self._stream = self._add(self._output)

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the muxer accepts this packet after those before it; changes the packet's stream."""
        packet.stream = self._stream
        try:
            self._output.mux(packet)
        except _MUX_ERRORS:
            self._open()  # after a failure a muxer may fail for every packet
            return False
        return True


class _NullFile:
    """A file that discards what is written to it."""

    def __init__(self) -> None:
        self._position = self._end = 0

    def write(self, data: bytes) -> int:
        self._position += len(data)
        self._end = max(self._end, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._end)[whence]
        return self._position

    def tell(self) -> int:
        return self._position
