"""Convert sound that a container cannot hold: lossless if it holds such a codec, else by the codec it usually has."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
from av.filter import Graph

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.audio.layout import AudioLayout
    from av.container import OutputContainer
    from av.packet import Packet

_LOSSLESS = {True: ("flac", "pcm_s16le", "alac"), False: ("flac", "pcm_s24le", "alac")}
"""Encoders by whether the samples have at most 16 bits, the preferred first. Floats become 24 bits."""
_PCM_FIRST = frozenset({"avi", "asf", "mov"})
"""Containers whose players know PCM better than FLAC."""
_LOSSY_FIRST = frozenset({"flv"})
"""Containers whose players know lossy codecs only."""
_LOSSY = ("aac", "libopus", "ac3", "libmp3lame", "mp2")
_LOSSY_BITS_PER_CHANNEL = 128_000
"""Bits a second: enough that no difference is heard."""
_RATE_OF_OPUS = 48_000
_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""FFmpeg's defaults by number of channels."""


def sound_encoders(template: Any, container: str, default: str) -> list[str]:
    """Return the encoders to try for the sound of a source stream, in order.

    `container` and `default` are FFmpeg's names of the output's format, and of the codec that this usually has.
    """
    lossless = list(_LOSSLESS[_has_16_bits(template)])
    if container in _PCM_FIRST:
        lossless.sort(key=lambda codec: not codec.startswith("pcm"))
    usual = [codec for codec in _LOSSY if av.Codec(codec, "w").canonical_name == default]
    lossy = [*usual, *(codec for codec in _LOSSY if codec not in usual)]
    return [*lossy, *lossless] if container in _LOSSY_FIRST else [*lossless, *lossy]


def _has_16_bits(template: Any) -> bool:
    sample_format = template.codec_context.format
    return sample_format is not None and sample_format.bytes <= 2


def add_sound(target: OutputContainer, codec: str, template: Any) -> Any:
    """Add a stream that the sound of the template is encoded into, without tags."""
    stream: Any = target.add_stream(codec, rate=_rate(codec, template))
    _configure(stream.codec_context, template)
    return stream


def silence(codec: str, template: Any) -> list[Packet[Any]]:
    """Return packets of half a second of silence, encoded as the sound of the template is."""
    context = cast("AudioCodecContext", av.CodecContext.create(codec, "w"))
    context.rate = _rate(codec, template)
    _configure(context, template)
    context.open()
    frame = av.AudioFrame(context.format.name, context.layout.name, context.rate // 2)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.rate, frame.pts, frame.time_base = context.rate, 0, context.time_base
    return [*context.encode(frame), *context.encode(None)]


def _rate(codec: str, template: Any) -> int:
    rate: int = template.codec_context.sample_rate
    return _RATE_OF_OPUS if codec == "libopus" else rate


def _is_unknown(layout: AudioLayout) -> bool:
    """Whether the container states only the number of channels, as AVI and WMV do; few encoders accept that."""
    return layout.name == f"{layout.nb_channels} channels"


def _configure(context: AudioCodecContext, template: Any) -> None:
    """Set what the encoder takes over from the sound of the template."""
    layout = template.codec_context.layout
    context.layout = _LAYOUTS.get(layout.nb_channels, layout) if _is_unknown(layout) else layout
    wanted = "s16" if _has_16_bits(template) else "s32"
    formats = [each.name for each in context.codec.audio_formats or ()]
    context.format = next((name for name in (wanted, f"{wanted}p") if name in formats), formats[0])
    if context.codec.name in _LOSSY:
        context.bit_rate = _LOSSY_BITS_PER_CHANNEL * context.layout.nb_channels
    context.time_base = Fraction(1, context.rate)


class SoundConverter:
    """Decodes the packets of one stream of the source and encodes them for a stream that `add_sound` has added.

    Gaps become silence, so that containers without times keep sound and picture together.
    """

    def __init__(self, target: Any) -> None:
        self._target = target
        self._graph: Graph | None = None
        self._input: tuple[str, str, int] | None = None
        """Sample format, layout and rate of the decoded sound, which may change within a film."""

    def convert(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Yield encoded packets for a packet of the source with its times in the output; none if it is damaged."""
        try:
            frames = cast("list[AudioFrame]", packet.decode())
        except av.FFmpegError:
            return
        for frame in frames:
            yield from self._encode(frame)

    def flush(self) -> Iterator[Packet[Any]]:
        """Yield what the encoder still holds."""
        for frame in self._filled(None):
            yield from self._packets(frame)
        if self._input is not None:
            yield from self._packets(None)

    def _encode(self, frame: AudioFrame) -> Iterator[Packet[Any]]:
        properties = (frame.format.name, frame.layout.name, frame.sample_rate)
        if properties != self._input:
            for filled in self._filled(None):
                yield from self._packets(filled)
            self._graph, self._input = _fill_gaps(frame), properties
        for filled in self._filled(frame):
            yield from self._packets(filled)

    def _filled(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        if self._graph is None:
            return
        self._graph.push(frame)
        while True:
            try:
                yield self._graph.pull()  # type: ignore[misc]
            except (av.BlockingIOError, av.EOFError):
                return

    def _packets(self, frame: AudioFrame | None) -> Iterator[Packet[Any]]:
        for packet in self._target.encode(frame):
            packet.stream = self._target
            yield packet


def _fill_gaps(frame: AudioFrame) -> Graph:
    """Return a filter that puts silence where times have a gap, for frames like this one."""
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate, format=frame.format.name, layout=frame.layout.name, time_base=frame.time_base
    )
    graph.link_nodes(source, graph.add("aresample", "async=1"), graph.add("abuffersink")).configure()
    return graph
