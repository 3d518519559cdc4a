"""What a container says of a stream, in the project's own words and exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from streamstyle.film import StreamInfo
from streamstyle.media.opening import is_cover

if TYPE_CHECKING:
    from av.video.stream import VideoStream


def time_base(stream: Any) -> Fraction:
    """Return the seconds in a tick of any stream's times."""
    return Fraction(stream.time_base or 0) or Fraction(1, 1000)


def frame_rate(stream: VideoStream) -> Fraction | None:
    """Return the frames in a second, or None where the container does not say.

    The mean rate is off where the last frame's length is; the rate on which all times fit is exact, and wrong for
    variable rates. So the exact one where both agree to a hundredth, and else the mean.
    """
    mean, exact = Fraction(stream.average_rate or 0), Fraction(stream.base_rate or 0)
    if mean and exact and abs(exact / mean - 1) < Fraction(1, 100):
        return exact
    return mean or exact or None


def stream_info(stream: Any) -> StreamInfo:
    """Return the record of a stream of an open container."""
    kind = "attachment" if is_cover(stream) else stream.type
    return StreamInfo(
        stream.index, kind, _codec_name(stream), _printable(stream.language), _printable(stream.metadata.get("title"))
    )


def _codec_name(stream: Any) -> str:
    if stream.codec_context is None:  # FFmpeg has no decoder; what it cannot even name has no such attribute
        return getattr(stream, "name", None) or "unknown"
    name: str = stream.codec_context.codec.canonical_name
    return name


def _printable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode()
