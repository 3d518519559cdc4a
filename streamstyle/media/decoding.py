"""Pictures out of packets, from the beginning or from anywhere, past what is damaged."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.codec.context import ThreadType

from streamstyle.errors import FilmError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_MAX_FAILURES = 100
"""Times in a row that reading may fail before the rest of a file is given up."""

_STEPS_BACK = (0, 5, 60)
"""Seconds to go back where seeking has landed too late, which indexes of some containers cause."""


def demux(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """Yield the packets of these streams in the file's order, going on behind what is damaged.

    FilmError when the disk fails, or whatever the film lies on.
    """
    failures = 0
    while failures < _MAX_FAILURES:
        try:
            for packet in container.demux(*streams):
                failures = 0
                yield packet
            return
        except av.InvalidDataError:
            failures += 1
        except IndexError:  # PyAV, at the very end, where a broadcast has begun another stream on the way
            return
        except OSError as error:
            raise FilmError(
                f"{container.name} cannot be read any further: {error.strerror or error}", "Copy it to a sound disk."
            ) from error


def decode_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield the pictures in the order they are shown; packets that cannot be decoded are skipped, as FFmpeg does."""
    if not stream.codec_context.is_open:  # by an earlier try, from another place
        stream.codec_context.thread_type = ThreadType.AUTO
    for packet in demux(container, stream):
        with suppress(av.FFmpegError):
            yield from packet.decode()


def decode_frames_from(container: InputContainer, stream: VideoStream, start: int) -> Generator[VideoFrame]:
    """Yield the pictures from one shown at `start`, in ticks, or before; the container is at its beginning."""
    if start <= (stream.start_time or 0):
        yield from decode_frames(container, stream)
        return
    for seconds in _STEPS_BACK:
        if not seek(container, start - round(seconds / Fraction(stream.time_base or 1)), stream):
            break
        pictures = decode_frames(container, stream)
        first = next(pictures, None)
        if first is not None and first.pts is not None and first.pts <= start:
            yield first
            yield from pictures
            return
    else:
        seek(container, stream.start_time or 0, stream)
    yield from decode_frames(container, stream)


def seek(container: InputContainer, tick: int, stream: Stream | None = None) -> bool:
    """Go to a key frame at `tick` or before, in the stream's ticks, or in microseconds; False where that cannot be."""
    try:
        container.seek(tick, stream=stream)
    except av.FFmpegError:
        return False
    return True
