"""Plan what becomes of the other streams of a video: copied, converted, or left out because the container cannot hold
them. Known before work starts, by writing trial headers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from streamstyle.media import timecode
from streamstyle.media.image_sequence import is_pattern
from streamstyle.media.matroska_tee import TEE
from streamstyle.media.muxer_trial import NullFile, can_hold, keeps_packets
from streamstyle.media.output_file import new_container
from streamstyle.media.reader import demux, is_cover, open_video
from streamstyle.media.sound_conversion import add_sound, silence, sound_encoders
from streamstyle.media.standard_streams import STANDARD_INPUT, STDIN, PipeReader
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
_TIMECODE_CONTAINERS = frozenset({"mp4", "mov"})
"""FFmpeg's muxers of these make a timecode track of the tag `timecode` of the video."""
_NO_TEXT_SUBTITLES = frozenset({"mpegts", "mpeg", "svcd", "vob"})
"""FFmpeg writes text subtitles into these too, but no player reads them."""

_TRIAL_PACKETS = 8

MOV_TEXT_GAP = b"\0\0"
"""The packet that fills the time between subtitles in MP4; the muxer adds its own."""


class StreamAction(StrEnum):
    """What becomes of a stream of the source."""

    copied = "copied"
    """Every packet is written unchanged."""
    converted = "converted"
    """The sound, the text or the image is written in another format that the container can hold."""
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
    others = [stream for stream in video.streams if stream.index != video.video_stream]
    if is_pattern(output):
        reason = "images hold nothing but the picture"
        return tuple(StreamPlan(stream, StreamAction.left_out, reason) for stream in others)
    with new_container(output, output) as unwritten:
        container = unwritten.format.name
    with open_video(video.path) as source:
        return tuple(
            _plan_stream(stream, source.streams[stream.index], container)
            or StreamPlan(
                stream,
                StreamAction.left_out,
                f"{output.suffix or container} cannot hold {stream.codec} {_kind_name(stream)}",
            )
            for stream in others
        )


def keep_piped_streams(video: VideoInfo, output: Path) -> None:
    """Have the decoder of a piped film put aside the packets that the output will hold; before the film is read."""
    if video.path == STDIN:
        kept = (plan for plan in plan_streams(video, output) if plan.action is not StreamAction.left_out)
        STANDARD_INPUT.spool.keep(plan.stream.index for plan in kept if plan.stream.kind in ("audio", "subtitle"))


def needs_tee(plans: Iterable[StreamPlan], source: InputContainer, output: Path) -> bool:
    """Whether the output has to be written through `TEE` for these streams of the source to be copied."""
    with new_container(output, output) as unwritten:
        container = unwritten.format.name
    sound = [plan.stream.index for plan in plans if plan.stream.kind == "audio" and plan.action is StreamAction.copied]
    return container == _MATROSKA and not all(can_hold(container, add_copy, source.streams[index]) for index in sound)


def _kind_name(stream: StreamInfo) -> str:
    return {"subtitle": "subtitles", "attachment": "attachments"}.get(stream.kind, stream.kind)


def _plan_stream(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    """Return the plan for a stream; None if the container cannot hold it in any form."""
    planners = {
        "audio": _plan_sound,
        "subtitle": _plan_subtitles,
        "attachment": _plan_attachment,
        "data": _plan_data,
        "video": _plan_copy,
    }
    return planners[stream.kind](stream, template, container) if stream.kind in planners else None


def _plan_attachment(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    if is_cover(template) and container == _MATROSKA:
        return StreamPlan(stream, StreamAction.converted, "a cover becomes an attachment", stream.codec)
    containers = _COVER_CONTAINERS if is_cover(template) else {_MATROSKA}
    return _plan_copy(stream, template, container) if container in containers else None


def _plan_subtitles(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    if stream.codec not in TEXT_SUBTITLE_CODECS:
        return _plan_copy(stream, template, container)
    if container in _NO_TEXT_SUBTITLES:
        return None
    return _plan_copy(stream, template, container) or _plan_conversion(stream, template, container)


def _plan_sound(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    """Sound is copied if the container gives it back; otherwise it is converted, if FFmpeg can decode it."""
    if template.codec_context is None:
        return None
    muxers = (container, TEE) if container == _MATROSKA and not template.container.chapters() else (container,)
    if any(keeps_packets(muxer, add_copy, template, _first_packets(template)) for muxer in muxers):
        return StreamPlan(stream, StreamAction.copied, codec=stream.codec)
    with av.open(NullFile(), "w", format=container) as unwritten:
        default = unwritten.default_audio_codec
    for codec in sound_encoders(template, container, default):
        if _holds_converted(container, codec, template):
            name = av.Codec(codec, "w").canonical_name
            return StreamPlan(stream, StreamAction.converted, f"{stream.codec} becomes {name}", codec)
    return None


def _holds_converted(container: str, codec: str, template: Any) -> bool:
    """Whether a container gives back sound encoded by this encoder with the rate and channels of the template."""

    def add(trial: OutputContainer, template: Any) -> Any:
        return add_converted_sound(trial, codec, template)

    return can_hold(container, add, template) and keeps_packets(container, add, template, silence(codec, template))


def _first_packets(template: Any) -> list[Packet[Any]]:
    """Return the first packets of a stream that hold something, their times from 0."""
    packets: list[Packet[Any]] = []
    name = template.container.name
    with open_video(STDIN if name == PipeReader.name else Path(name)) as container:
        stream = container.streams[template.index]
        for packet in islice(demux(container, stream), _TRIAL_PACKETS):
            if packet.size:
                packet.pts = packet.dts = len(packets) * (packet.duration or 1)
                packets.append(packet)
    return packets


def _plan_data(stream: StreamInfo, template: Any, container: str) -> StreamPlan | None:
    if timecode.TAG in template.metadata:
        if container in _TIMECODE_CONTAINERS:
            return StreamPlan(stream, StreamAction.copied, codec="tmcd")
        if container == _MATROSKA:
            return StreamPlan(stream, StreamAction.converted, "its timecode becomes a tag", timecode.TAG)
    elif template.container.chapters():  # in MP4 their titles are a track of their own
        return StreamPlan(stream, StreamAction.converted, "written as chapters", "chapters")
    return None


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


def add_converted_sound(target: OutputContainer, codec: str, template: Any) -> Any:
    """Add a stream of sound for this encoder, with the template's tags and disposition."""
    stream = add_sound(target, codec, template)
    stream.metadata.update(portable_tags(template.metadata))
    stream.disposition = template.disposition
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
