"""Sound, subtitles, covers and what else goes along, copied into the output as the picture grows."""

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
"""Seconds by which packets of different streams may be out of step in a file."""


class StreamCopier:
    """The carried streams of an opened film, read only as far as the picture has got, so that little is held."""

    def __init__(
        self,
        film: VideoInfo,
        source: InputContainer,
        plan: tuple[StreamPlan, ...],
        span: TimeRange,
        target: OutputContainer,
    ) -> None:
        """Add the streams to `target`, whose header is not yet written; `source` is read by nobody else."""
        self.dropped_packets = 0
        """Damaged packets that the container would not take, though it took their stream."""
        self._target = target
        self._span = span
        self._covers: list[Packet[Any]] = []
        self._remuxers: dict[int, StreamRemuxer] = {}
        for carried in plan:
            if carried.action is not StreamAction.left_out:
                self._add(film, carried, source.streams[carried.stream.index])
        self._packets = self._remuxed_packets(source)
        self._next: Packet[Any] | None = None

    def _add(self, film: VideoInfo, carried: StreamPlan, template: Any) -> None:
        if carried.stream.kind == "data":
            return  # the chapters are in the header
        if is_cover(template):
            self._add_cover(film, carried, template)
        elif carried.stream.kind == "attachment":
            add_copy(self._target, template)  # it is in the header, whole
        else:
            add = partial(self._add_stream, film, carried, template)
            trial = MuxerProbe(self._target.format.name, add)
            self._remuxers[template.index] = StreamRemuxer(carried, template, add(self._target), trial, self._span)

    def _add_stream(self, film: VideoInfo, carried: StreamPlan, template: Any, target: OutputContainer) -> Any:
        if carried.action is StreamAction.converted:
            return add_text_subtitles(target, carried.codec, template)
        is_aac = template.codec_context.codec.canonical_name == "aac"
        if is_aac and target.format.name == "matroska" and self._span.start is None:
            return add_aac_copy(target, template, film.path)
        return add_copy(target, template)

    def _add_cover(self, film: VideoInfo, carried: StreamPlan, template: Any) -> None:
        with open_video(film.path) as container:
            found = demux(container, container.streams[template.index])
            cover = next((packet for packet in found if packet.size), None)
        if cover is None:
            return
        if carried.action is StreamAction.converted:
            kind = "jpeg" if carried.codec == "mjpeg" else carried.codec
            name = template.metadata.get("filename", f"cover.{kind}")
            self._target.add_attachment(name, template.metadata.get("mimetype", f"image/{kind}"), bytes(cover))
        else:
            cover.stream, cover.pts, cover.dts = add_copy(self._target, template), 0, 0
            self._covers.append(cover)

    def mux_until(self, time: Fraction | None) -> None:
        """Write every packet that is due at `time`, in seconds of the output; None for all there are."""
        while self._covers:
            self._target.mux(self._covers.pop())
        while (packet := self._next or next(self._packets, None)) is not None:
            if time is not None and (decode_time(packet) or 0) > time:
                self._next = packet
                return
            self._next = None
            self._target.mux(packet)

    def close(self) -> None:
        """Stop reading; the source may be closed after this."""
        self._packets.close()

    def _remuxed_packets(self, source: InputContainer) -> Generator[Packet[Any]]:
        """Yield the packets of the span in the file's order, as they go into the output."""
        if not self._remuxers:
            return
        for stream in source.streams:
            if stream.index not in self._remuxers:
                stream.discard = Discard.all
        if self._span.start is not None:
            seek(source, round((self._span.start - _MAX_INTERLEAVE) * av.time_base))
        for packet in demux(source, *(lane.source for lane in self._remuxers.values())):
            if self._span.end is not None and (decode_time(packet) or 0) > self._span.end + _MAX_INTERLEAVE:
                return
            lane = self._remuxers[packet.stream.index]
            placed = lane.remap(packet)
            if placed is None:
                continue
            if lane.accepts(placed):
                yield placed
            else:
                self.dropped_packets += 1


@dataclass(slots=True)
class StreamRemuxer:
    """Takes the packets of one stream to the output's times and the output's stream."""

    plan: StreamPlan
    source: Any
    target: Any
    probe: MuxerProbe
    time_range: TimeRange
    clock: MonotonicClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = MonotonicClock(round(1 / self.source.time_base), 1)

    def remap(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return the packet as it goes into the output, or None for one that has no place there."""
        shown = display_time(packet)
        if packet.size == 0 or shown is None:  # the demuxer's sign of the end
            return None
        if self.plan.stream.kind == "subtitle":
            return self._remap_subtitle(packet, shown)
        if not self.time_range.contains(shown):
            return None
        if self.clock.map(packet.pts if packet.dts is None else packet.dts) is None:
            return None
        return self._shift(packet, self.clock.shift)

    def _remap_subtitle(self, packet: Packet[Any], shown: Fraction) -> Packet[Any] | None:
        """Cut to the span what is on screen across its edges."""
        tick = packet.time_base
        gone = shown + (packet.duration or 0) * tick
        first, last = self.time_range.clip(shown, gone)
        if first > last or (first == last and shown != gone) or bytes(packet) == MOV_TEXT_GAP:
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
        """Whether the output will take the packet; bound for its stream then."""
        accepted = self.probe.accepts(packet)
        packet.stream = self.target
        return accepted


def decode_time(packet: Packet[Any]) -> Fraction | None:
    """Return the moment by which a decoder needs the packet, in seconds; None where it has no time at all."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None else ticks * packet.time_base


def display_time(packet: Packet[Any]) -> Fraction | None:
    """Return the moment at which it is shown or heard, in seconds; None where it has no time at all."""
    ticks = packet.dts if packet.pts is None else packet.pts
    return None if ticks is None else ticks * packet.time_base


def _replace_payload(packet: Packet[Any], payload: bytes) -> Packet[Any]:
    other: Packet[Any] = av.Packet(payload)
    other.pts, other.dts, other.duration, other.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    other.is_keyframe = True
    return other


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Times are seconds of the source's own clock."""

    origin: Fraction
    """What is subtracted from every time. 0 for a whole film: its times stay as they are."""
    start: Fraction | None
    """What comes before this is left out; None where nothing is."""
    end: Fraction | None
    """What comes at this or later is left out; None where nothing is."""

    def contains(self, time: Fraction) -> bool:
        """Whether this moment is inside."""
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    def clip(self, start: Fraction, end: Fraction) -> tuple[Fraction, Fraction]:
        """Return what of the stretch is inside; the first is after the second where nothing is."""
        return (
            start if self.start is None else max(start, self.start),
            end if self.end is None else min(end, self.end),
        )


def time_range(film: VideoInfo, container: InputContainer) -> TimeRange:
    """Return the span of the processed part; `container` is the film, opened."""
    begins = container.streams[film.video_stream].start_time
    start = film.start_pts * film.time_base
    end = None if film.end_pts is None else film.end_pts * film.time_base
    if begins is not None and film.start_pts > begins:
        return TimeRange(start, start, end)
    if container.format.flags & cast("int", Flags.ts_discont.value):  # broadcast clocks start anywhere, often hours in
        earliest = Fraction(container.start_time or 0, av.time_base)
        return TimeRange(earliest // film.time_base * film.time_base, None, end)
    return TimeRange(Fraction(0), None, end)


def cut_chapters(chapters: list[Chapter], span: TimeRange) -> list[Chapter]:
    """Return the chapters that the span touches, cut to it and moved with it."""
    kept = []
    for chapter in chapters:
        tick = chapter["time_base"] or Fraction(1, av.time_base)
        first, last = span.clip(chapter["start"] * tick, chapter["end"] * tick)
        if first < last:
            moved = chapter.copy()
            moved["start"], moved["end"] = round((first - span.origin) / tick), round((last - span.origin) / tick)
            kept.append(moved)
    return kept


_CODEC_DELAY = b"\x56\xaa\x84"
"""The element's name, and that four bytes of nanoseconds follow."""


def add_aac_copy(target: OutputContainer, template: Any, path: Path) -> Any:
    """Add a stream to a Matroska `target` for the packets of the template, an AAC stream of the film at `path`."""
    samples = _aac_delay(path, template.index)
    header = _header_with_delay(template, samples) if samples else None
    if header is None:
        return add_copy(target, template)
    with av.open(header) as told:
        return add_copy(target, told.streams.audio[0], named_as=template)


def _aac_delay(path: Path, index: int) -> int:
    """Return how many samples before time zero a film's sound stream begins; 0 for none."""
    with open_video(path) as container:
        stream: Any = container.streams[index]
        first = next(demux(container, stream), None)
        if first is None or first.pts is None or first.pts >= 0:
            return 0
        samples: int = round(-first.pts * first.time_base * stream.codec_context.sample_rate)
        return samples


def _header_with_delay(template: Any, samples: int) -> BytesIO | None:
    """Return a Matroska file whose header has the sound stream and its priming; None where that cannot be made."""
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
    before, found, after = header.getvalue().partition(_CODEC_DELAY)
    nanoseconds = round(samples * 1_000_000_000 / rate)
    return BytesIO(before + found + nanoseconds.to_bytes(4, "big") + after[4:]) if found else None


def _dummy_packet(stream: Any) -> Packet[Any]:
    """Return something to follow the header, without which a demuxer does not believe it."""
    packet: Packet[Any] = av.Packet(bytes(8))
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packet
