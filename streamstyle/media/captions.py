"""Closed captions inside video frames: EIA-608 and CEA-708, as `cc_data` of ATSC A/53, three bytes for each pair."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
from av.packet import PacketSideData, packet_sidedata_type_from_literal
from av.sidedata.sidedata import Type

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

_VALID = 0x04
"""The bit of the first byte that says that the pair after it holds data."""


def read_captions(frame: VideoFrame) -> bytes:
    """Return the closed captions of a decoded frame; empty if it has none."""
    try:
        return bytes(frame.side_data[Type.A53_CC])  # type: ignore[typeddict-item]
    except (KeyError, ValueError):  # ValueError: there is other side data that PyAV does not know, such as EXIF
        return b""


def holds_text(captions: bytes) -> bool:
    """Whether captions hold more than the padding that broadcasts put into every frame."""
    triplets = zip(captions[::3], captions[1::3], captions[2::3], strict=False)
    return any(flags & _VALID and (first & 0x7F or second & 0x7F) for flags, first, second in triplets)


def with_captions(frame: VideoFrame, captions: bytes) -> VideoFrame:
    """Return the frame with closed captions for the encoder; its time and type of picture are not kept.

    PyAV can add side data to packets only, and FFmpeg's decoders pass it on to the frame: so the frame goes through a
    packet of raw video.
    """
    encoder = _raw_video(frame, "w")
    encoder.time_base = frame.time_base = Fraction(1)
    frame.pts = 0
    (packet,) = encoder.encode(frame)
    side_data = PacketSideData(packet_sidedata_type_from_literal("a53_cc"), len(captions))  # type: ignore[call-arg]
    side_data.update(captions)
    packet.set_sidedata(side_data)
    (captioned,) = _raw_video(frame, "r").decode(packet)
    captioned.colorspace, captioned.color_range = frame.colorspace, frame.color_range
    captioned.color_primaries, captioned.color_trc = frame.color_primaries, frame.color_trc
    return captioned


def _raw_video(frame: VideoFrame, mode: str) -> VideoCodecContext:
    context = cast("VideoCodecContext", av.CodecContext.create("rawvideo", mode))  # type: ignore[call-overload]
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    return context
