"""Sound, subtitles, covers and what else goes along, copied into the output as the picture grows."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import av
from av.stream import Discard

from streamstyle.film import VideoInfo
from streamstyle.media.carry import StreamPlan, StreamAction, add_copy, add_text_subtitles
from streamstyle.media.decoding import demux, seek
from streamstyle.media.lane import StreamRemuxer, decode_time
from streamstyle.media.opening import is_cover, open_video
from streamstyle.media.priming import add_aac_copy
from streamstyle.media.span import TimeRange
from streamstyle.media.trial import MuxerProbe

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
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
