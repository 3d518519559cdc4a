"""What goes along with the picture into the output, and what its container cannot hold: known before work starts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamstyle.film import VideoInfo, StreamInfo
from streamstyle.media.opening import is_cover, open_video
from streamstyle.media.output import new_container
from streamstyle.media.trial import can_hold
from streamstyle.media.words import ASS_HEADER, TEXT_SUBTITLE_CODECS

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

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
