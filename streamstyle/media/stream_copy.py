"""Copy the other streams of a video (audio, subtitles, covers, attachments) into the output, in step with its frames.

`StreamCopier` does what `stream_plan.plan_streams` planned, within the time range that is processed.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import av
from av.format import Flags
from av.stream import Discard

from streamstyle.media.reader import MonotonicClock, demux, is_cover, open_video, seek
from streamstyle.media.stream_plan import (
    MOV_TEXT_GAP,
    MuxerProbe,
    StreamAction,
    StreamPlan,
    add_copy,
    add_text_subtitles,
    convert_subtitle,
)
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer, OutputContainer
    from av.container.core import Chapter
    from av.packet import Packet

_MAX_INTERLEAVE = 10
"""Seconds by which packets of different streams may be apart in a file."""

_CODEC_DELAY = b"\x56\xaa\x84"
"""Matroska's CodecDelay, with a length of four bytes: nanoseconds follow."""


class StreamCopier:
    """The other streams of an open video, read only as far as its frames are written, so that memory use stays low."""

    def __init__(
        self,
        video: VideoInfo,
        source: InputContainer,
        plan: tuple[StreamPlan, ...],
        time_range: TimeRange,
        target: OutputContainer,
    ) -> None:
        """Add the streams to `target`, whose header is not written yet; nothing else may read `source`."""
        self.dropped_packets = 0
        """Number of damaged packets that the container does not accept."""
        self._target = target
        self._time_range = time_range
        self._covers: list[Packet[Any]] = []
        self._remuxers: dict[int, StreamRemuxer] = {}
        for planned in plan:
            if planned.action is not StreamAction.left_out:
                self._add(video, planned, source.streams[planned.stream.index])
        self._packets = self._remuxed_packets(source)
        self._next: Packet[Any] | None = None

    def _add(self, video: VideoInfo, planned: StreamPlan, template: Any) -> None:
        if planned.stream.kind == "data":
            return  # chapters are written with the header
        if is_cover(template):
            self._add_cover(video, planned, template)
        elif planned.stream.kind == "attachment":
            add_copy(self._target, template)  # it is written with the header
        else:
            add = partial(self._add_stream, video, planned, template)
            probe = MuxerProbe(self._target.format.name, add)
            target = add(self._target)
            self._remuxers[template.index] = StreamRemuxer(planned, template, target, probe, self._time_range)

    def _add_stream(self, video: VideoInfo, planned: StreamPlan, template: Any, target: OutputContainer) -> Any:
        if planned.action is StreamAction.converted:
            return add_text_subtitles(target, planned.codec, template)
        is_aac = template.codec_context.codec.canonical_name == "aac"
        if is_aac and target.format.name == "matroska" and self._time_range.start is None:
            return add_aac_copy(target, template, video.path)
        return add_copy(target, template)

    def _add_cover(self, video: VideoInfo, planned: StreamPlan, template: Any) -> None:
        with open_video(video.path) as container:
            packets = demux(container, container.streams[template.index])
            cover = next((packet for packet in packets if packet.size), None)
        if cover is None:
            return
        if planned.action is StreamAction.converted:
            kind = "jpeg" if planned.codec == "mjpeg" else planned.codec
            name = template.metadata.get("filename", f"cover.{kind}")
            self._target.add_attachment(name, template.metadata.get("mimetype", f"image/{kind}"), bytes(cover))
        else:
            cover.stream, cover.pts, cover.dts = add_copy(self._target, template), 0, 0
            self._covers.append(cover)

    def mux_until(self, time: Fraction | None) -> None:
        """Write every packet up to `time`, in seconds of the output; None for all that remain."""
        while self._covers:
            self._target.mux(self._covers.pop())
        while (packet := self._next or next(self._packets, None)) is not None:
            if time is not None and (decode_time(packet) or 0) > time:
                self._next = packet
                return
            self._next = None
            self._target.mux(packet)

    def close(self) -> None:
        """Stop reading; the source may be closed afterwards."""
        self._packets.close()

    def _remuxed_packets(self, source: InputContainer) -> Generator[Packet[Any]]:
        """Yield the packets of the time range in file order, with the times and the stream of the output."""
        if not self._remuxers:
            return
        for stream in source.streams:
            if stream.index not in self._remuxers:
                stream.discard = Discard.all
        if self._time_range.start is not None:
            seek(source, round((self._time_range.start - _MAX_INTERLEAVE) * av.time_base))
        for packet in demux(source, *(remuxer.source for remuxer in self._remuxers.values())):
            if self._time_range.end is not None and (decode_time(packet) or 0) > self._time_range.end + _MAX_INTERLEAVE:
                return
            remuxer = self._remuxers[packet.stream.index]
            remapped = remuxer.remap(packet)
            if remapped is None:
                continue
            if remuxer.accepts(remapped):
                yield remapped
            else:
                self.dropped_packets += 1


@dataclass(slots=True)
class StreamRemuxer:
    """Gives the packets of one stream the times and the stream of the output."""

    plan: StreamPlan
    source: Any
    target: Any
    probe: MuxerProbe
    time_range: TimeRange
    clock: MonotonicClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = MonotonicClock(round(1 / self.source.time_base), 1)

    def remap(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return the packet with its time in the output; None for one outside the time range or with no usable time."""
        shown = display_time(packet)
        if packet.size == 0 or shown is None:  # the empty packet at the end
            return None
        if self.plan.stream.kind == "subtitle":
            return self._remap_subtitle(packet, shown)
        if not self.time_range.contains(shown):
            return None
        if self.clock.map(packet.pts if packet.dts is None else packet.dts) is None:
            return None
        return self._shift(packet, self.clock.shift)

    def _remap_subtitle(self, packet: Packet[Any], shown: Fraction) -> Packet[Any] | None:
        """Subtitles that are shown across an edge of the time range are cut to it."""
        tick = packet.time_base
        hidden = shown + (packet.duration or 0) * tick
        first, last = self.time_range.clip(shown, hidden)
        if first > last or (first == last and shown != hidden) or bytes(packet) == MOV_TEXT_GAP:
            return None
        packet.pts = packet.dts = round(first / tick)
        packet.duration = round((last - first) / tick)
        if self.plan.action is StreamAction.converted:
            packet = _replace_payload(packet, convert_subtitle(bytes(packet), self.plan.stream.codec, self.plan.codec))
        return self._shift(packet, 0)

    def _shift(self, packet: Packet[Any], shift: int) -> Packet[Any]:
        shift -= round(self.time_range.origin / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift
        return packet

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the output accepts the packet, whose stream is then that of the output."""
        accepted = self.probe.accepts(packet)
        packet.stream = self.target
        return accepted


def decode_time(packet: Packet[Any]) -> Fraction | None:
    """Return the decode time in seconds, else the display time; None if the packet has neither."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None else ticks * packet.time_base


def display_time(packet: Packet[Any]) -> Fraction | None:
    """Return the display time in seconds, else the decode time; None if the packet has neither."""
    ticks = packet.dts if packet.pts is None else packet.pts
    return None if ticks is None else ticks * packet.time_base


def _replace_payload(packet: Packet[Any], payload: bytes) -> Packet[Any]:
    replaced: Packet[Any] = av.Packet(payload)
    replaced.pts, replaced.dts, replaced.duration = packet.pts, packet.dts, packet.duration
    replaced.time_base, replaced.is_keyframe = packet.time_base, True
    return replaced


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The processed part of a video; times are seconds as in the source."""

    origin: Fraction
    """Subtracted from every time in the output; 0 for a whole video, whose times stay as they are."""
    start: Fraction | None
    """What is before this is left out; None if nothing is."""
    end: Fraction | None
    """What is at this time or later is left out; None if nothing is."""

    def contains(self, time: Fraction) -> bool:
        """Whether a time is inside."""
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    def clip(self, start: Fraction, end: Fraction) -> tuple[Fraction, Fraction]:
        """Return the part of an interval that is inside; its start is after its end if there is none."""
        return (
            start if self.start is None else max(start, self.start),
            end if self.end is None else min(end, self.end),
        )


def time_range(video: VideoInfo, container: InputContainer) -> TimeRange:
    """Return the time range of the processed part; `container` is the video, opened."""
    stream_start = container.streams[video.video_stream].start_time
    start = video.start_pts * video.time_base
    end = None if video.end_pts is None else video.end_pts * video.time_base
    if stream_start is not None and video.start_pts > stream_start:
        return TimeRange(start, start, end)
    starts_anywhere = container.format.flags & cast("int", Flags.ts_discont.value)
    if starts_anywhere:  # the clock of a broadcast, often at hours
        earliest = Fraction(container.start_time or 0, av.time_base)
        return TimeRange(earliest // video.time_base * video.time_base, None, end)
    return TimeRange(Fraction(0), None, end)


def cut_chapters(chapters: list[Chapter], part: TimeRange) -> list[Chapter]:
    """Return the chapters that overlap the part, cut to it, with their times in the output."""
    cut = []
    for chapter in chapters:
        tick = chapter["time_base"] or Fraction(1, av.time_base)
        first, last = part.clip(chapter["start"] * tick, chapter["end"] * tick)
        if first < last:
            start, end = round((first - part.origin) / tick), round((last - part.origin) / tick)
            cut.append(cast("Chapter", {**chapter, "start": start, "end": end}))
    return cut


def add_aac_copy(target: OutputContainer, template: Any, path: Path) -> Any:
    """Add a stream to a Matroska `target` for the packets of the template, an AAC stream of the video at `path`.

    An AAC encoder puts samples before the first. MP4 has them at negative times; Matroska has no times below zero and
    states in the track's header by how much all times are late (CodecDelay, RFC 9559). FFmpeg's muxer takes that from
    a field that PyAV 18 cannot set. So the header is written once in memory, by an encoder that sets it, and corrected.
    """
    samples = _aac_delay(path, template.index)
    header = _header_with_delay(template, samples) if samples else None
    if header is None:
        return add_copy(target, template)
    with av.open(header) as with_delay:
        return add_copy(target, with_delay.streams.audio[0], tags_from=template)


def _aac_delay(path: Path, index: int) -> int:
    """Return how many samples before time zero an audio stream begins; 0 for none."""
    with open_video(path) as container:
        stream: Any = container.streams[index]
        first = next(demux(container, stream), None)
        if first is None or first.pts is None or first.pts >= 0:
            return 0
        samples: int = round(-first.pts * first.time_base * stream.codec_context.sample_rate)
        return samples


def _header_with_delay(template: Any, samples: int) -> BytesIO | None:
    """Return a Matroska file whose header has the audio stream and its delay; None if it cannot be written."""
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
    before, element, after = header.getvalue().partition(_CODEC_DELAY)
    nanoseconds = round(samples * 1_000_000_000 / rate)
    return BytesIO(before + element + nanoseconds.to_bytes(4, "big") + after[4:]) if element else None


def _dummy_packet(stream: Any) -> Packet[Any]:
    """Return a packet to follow the header: a demuxer does not accept a file without any."""
    packet: Packet[Any] = av.Packet(bytes(8))
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packet
