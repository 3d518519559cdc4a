"""AAC of broadcasts (ADTS), which has a header in every packet, for MP4, which has one at the front.

FFmpeg's MP4 muxer does this too, but learns the header only from the packets; a file in fragments, which can be read
after the run is killed, needs it before.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext
from av.packet import PacketSideData

from streamstyle.media.reader import demux, open_video

if TYPE_CHECKING:
    from av.packet import Packet

_PACKETS_TRIED = 100


class AdtsFilter:
    """Takes the header from the packets of one stream."""

    def __init__(self, stream: Any) -> None:
        self._filter = BitStreamFilterContext("aac_adtstoasc", stream)

    def apply(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return the packet without its header; None if it is damaged. The packet that is passed becomes empty."""
        try:
            return next(iter(self._filter.filter(packet)), None)
        except av.FFmpegError:
            return None


def has_adts(stream: Any) -> bool:
    """Whether a stream of the source is AAC in ADTS."""
    context = stream.codec_context
    return context is not None and context.codec.canonical_name == "aac" and not context.extradata


def read_config(path: Path, index: int) -> bytes | None:
    """Return the header (AudioSpecificConfig, ISO/IEC 14496-3) of an ADTS stream; None if no packet has one."""
    with open_video(path) as container:
        stream = container.streams[index]
        adts = AdtsFilter(stream)
        for packet in islice(demux(container, stream), _PACKETS_TRIED):
            raw = adts.apply(packet) if packet.size else None
            if raw is not None and raw.has_sidedata("new_extradata"):
                return bytes(PacketSideData.from_packet(raw, "new_extradata"))
    return None
