"""Copy the other streams of a video (audio, subtitles, covers, attachments) into the output, in step with its frames.

`StreamCopier` does what `stream_plan.plan_streams` planned, within the time range that is processed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import av
from av.stream import Discard

from streamstyle.media.aac_delay import add_aac_copy
from streamstyle.media.adts import AdtsFilter, has_adts, read_config
from streamstyle.media.decode_times import RisingDts
from streamstyle.media.file_clock import ClockRepair
from streamstyle.media.matroska_tee import TEE
from streamstyle.media.muxer_trial import MuxerProbe
from streamstyle.media.reader import MAX_INTERLEAVE, demux, is_cover, open_at, open_video
from streamstyle.media.sound_conversion import SoundConverter
from streamstyle.media.standard_streams import STANDARD_INPUT, STDIN
from streamstyle.media.stream_plan import (
    MOV_TEXT_GAP,
    StreamAction,
    StreamPlan,
    add_converted_sound,
    add_copy,
    add_text_subtitles,
)
from streamstyle.media.subtitle_text import SubtitleConverter
from streamstyle.media.time_range import TimeRange, decode_time, display_time
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

_HEADER_AT_FRONT = frozenset({"mp4", "mov", "ipod"})


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
        """Add the streams to `target`, whose header is not written yet."""
        self.dropped_packets = 0
        """Number of damaged packets that the container does not accept, or that have no time."""
        self._target = target
        self._time_range = time_range
        self._covers: list[Packet[Any]] = []
        self._remuxers: dict[int, StreamRemuxer] = {}
        for planned in plan:
            if planned.action is not StreamAction.left_out:
                self._add(video, planned, source.streams[planned.stream.index])
        self._packets = self._output_packets(video)
        self._next: Packet[Any] | None = None

    def _add(self, video: VideoInfo, planned: StreamPlan, template: Any) -> None:
        if planned.stream.kind == "data":
            return  # chapters and timecodes are written with the header
        if is_cover(template):
            self._add_cover(video, planned, template)
        elif planned.stream.kind == "attachment":
            add_copy(self._target, template)  # it is written with the header
        else:
            adts = self._target.format.name in _HEADER_AT_FRONT and has_adts(template)
            config = read_config(video.path, template.index) if adts else None
            add = partial(self._add_stream, video, planned, template, config)
            probe = MuxerProbe(self._target.format.name, add)
            target = add(self._target)
            converter: SubtitleConverter | SoundConverter | AdtsFilter | None = None
            if planned.action is StreamAction.converted and planned.stream.kind == "audio":
                converter = SoundConverter(target)
            elif planned.action is StreamAction.copied and config is not None:
                converter = AdtsFilter(template)
            elif planned.action is StreamAction.converted:
                extradata = template.codec_context.extradata
                converter = SubtitleConverter(planned.stream.codec, planned.codec, extradata)
            self._remuxers[template.index] = StreamRemuxer(planned, target, probe, self._time_range, converter)

    def _add_stream(
        self, video: VideoInfo, planned: StreamPlan, template: Any, config: bytes | None, target: OutputContainer
    ) -> Any:
        if planned.action is StreamAction.converted and planned.stream.kind == "audio":
            return add_converted_sound(target, planned.codec, template)
        if planned.action is StreamAction.converted:
            return add_text_subtitles(target, planned.codec, template)
        is_aac = template.codec_context.codec.canonical_name == "aac"
        if is_aac and target.format.name in ("matroska", TEE) and self._time_range.start is None:
            return add_aac_copy(target, template, video.path)
        stream = add_copy(target, template)
        if config is not None:
            stream.codec_context.extradata = config
        return stream

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

    def missing_packets(self) -> dict[str, tuple[int, int]]:
        """Return (read, expected) number of packets, by label, of sound of which less was read than was probed."""
        sound = [each for each in self._remuxers.values() if each.plan.stream.kind == "audio"]
        return {
            each.plan.stream.label: (each.packets, each.plan.stream.packets)
            for each in sound
            if each.plan.stream.packets is not None and each.packets < each.plan.stream.packets
        }

    def close(self) -> None:
        """Stop reading."""
        self._packets.close()

    def _output_packets(self, video: VideoInfo) -> Generator[Packet[Any] | None]:
        """Yield the packets as they are muxed; None where a pipe has none yet."""
        yield from self._remuxed_packets(video)
        for remuxer in self._remuxers.values():
            if isinstance(remuxer.converter, SoundConverter):
                yield from remuxer.converter.flush()

    def _remuxed_packets(self, video: VideoInfo) -> Generator[Packet[Any] | None]:
        """Yield the packets of the time range in file order, with the times and the stream of the output."""
        if not self._remuxers:
            return
        with self._open_packets(video) as packets:
            repair = ClockRepair(video.joins)
            for packet in packets:
                if packet is None:
                    yield None
                    continue
                repair.apply(packet)
                if self._is_past_end(packet):
                    return
                if packet.size and packet.stream_index in self._remuxers:
                    yield from self._remap(packet)

    @contextmanager
    def _open_packets(self, video: VideoInfo) -> Iterator[Iterator[Packet[Any] | None]]:
        """Yield the packets of the streams in file order; of a pipe those that its decoder has read, and None if none
        is left."""
        if video.path == STDIN:
            yield STANDARD_INPUT.spool.take()
            return
        with open_at(video.path, self._first_read(video)) as source:
            for stream in source.streams:
                if stream.index not in self._remuxers:
                    stream.discard = Discard.all
            yield demux(source, *(source.streams[index] for index in self._remuxers))

    def _first_read(self, video: VideoInfo) -> Fraction | None:
        """Return the time from which packets are read; None for the beginning."""
        start = self._time_range.start
        return None if start is None or video.joins else start - MAX_INTERLEAVE

    def _is_past_end(self, packet: Packet[Any]) -> bool:
        end = self._time_range.end
        return end is not None and (decode_time(packet) or 0) > end + MAX_INTERLEAVE

    def _remap(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Yield the packet as it is muxed, unless it is outside the time range or has to be dropped."""
        remuxer = self._remuxers[packet.stream_index]
        is_played = not packet.is_discard
        if not remuxer.complete_times(packet):
            self.dropped_packets += 1
            return
        remapped = remuxer.remap(packet)
        if remapped is None:
            return
        remuxer.packets += is_played
        if isinstance(remuxer.converter, SoundConverter):
            yield from remuxer.converter.convert(remapped)
            return
        if isinstance(remuxer.converter, AdtsFilter):
            remapped = remuxer.converter.apply(remapped)
        if remapped is not None and remuxer.accepts(remapped):
            yield remapped
        else:
            self.dropped_packets += 1


@dataclass(slots=True)
class StreamRemuxer:
    """Gives the packets of one stream the times and the stream of the output."""

    plan: StreamPlan
    target: Any
    probe: MuxerProbe
    time_range: TimeRange
    converter: SubtitleConverter | SoundConverter | AdtsFilter | None
    """Of text subtitles and sound that are converted, and of sound whose packets have headers of their own."""
    packets: int = 0
    """Packets so far that lie in the time range."""
    _next_tick: int | None = None
    """When the next packet begins, in ticks of the source; None before the first."""
    _rising: RisingDts | None = None

    def complete_times(self, packet: Packet[Any]) -> bool:
        """Give a packet without times, as in a block of several, the end of the last; False for the first packet."""
        if packet.pts is None and packet.dts is None:
            packet.pts = packet.dts = self._next_tick
        begin = packet.dts if packet.pts is None else packet.pts
        if begin is None:
            return False
        self._next_tick = begin + (packet.duration or 0)
        return True

    def remap(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return the packet with its time in the output; None for one outside the time range."""
        shown = display_time(packet)
        if shown is None:
            return None
        if self.plan.stream.kind == "subtitle":
            return self._remap_subtitle(packet, shown)
        if not self.time_range.contains(shown):
            return None
        if isinstance(self.converter, SoundConverter):
            return self._shift(packet)  # its decoder knows the ticks of the source only
        if self._rising is None:  # the output's ticks are known once its header is written
            self._rising = RisingDts(self.target)
        return self._rising.place(self._shift(packet))

    def _remap_subtitle(self, packet: Packet[Any], shown: Fraction) -> Packet[Any] | None:
        """Subtitles that are shown across an edge of the time range are cut to it."""
        tick = packet.time_base
        hidden = shown + (packet.duration or 0) * tick
        first, last = self.time_range.clip(shown, hidden)
        if first > last or (first == last and shown != hidden) or bytes(packet) == MOV_TEXT_GAP:
            return None
        packet.pts = packet.dts = round(first / tick)
        packet.duration = round((last - first) / tick)
        if isinstance(self.converter, SubtitleConverter):
            text = self.converter.convert(bytes(packet))
            if text is None:
                return None
            packet = _replace_payload(packet, text)
        return self._shift(packet)

    def _shift(self, packet: Packet[Any]) -> Packet[Any]:
        origin = round(self.time_range.origin / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - origin
        packet.dts = None if packet.dts is None else packet.dts - origin
        return packet

    def accepts(self, packet: Packet[Any]) -> bool:
        """Whether the output accepts the packet, whose stream is then that of the output."""
        accepted = self.probe.accepts(packet)
        packet.stream = self.target
        return accepted


def _replace_payload(packet: Packet[Any], payload: bytes) -> Packet[Any]:
    replaced: Packet[Any] = av.Packet(payload)
    replaced.pts, replaced.dts, replaced.duration = packet.pts, packet.dts, packet.duration
    replaced.time_base, replaced.is_keyframe = packet.time_base, True
    return replaced
