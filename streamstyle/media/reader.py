"""A film's file, opened for reading, or one clear line about why it cannot be."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.codec.context import ThreadType
from av.stream import Disposition

from streamstyle.errors import FilmError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_COVER_FLAGS = Disposition.attached_pic | Disposition.timed_thumbnails
_NO_VIDEO_FORMATS = ("image2", "tty")
"""FFmpeg opens single pictures and any text file as video; nobody who names one here wants that."""

_OPEN_OPTIONS: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
"""PyAV 18 refuses films with a tag that is not UTF-8, unless told; 19 never does."""


def open_video(path: Path) -> InputContainer:
    """Open the file for demuxing. FilmError says which file it is and what to do."""
    _check_file(path)
    try:
        container: InputContainer = av.open(
            str(path.absolute()), "r", **_OPEN_OPTIONS
        )  # absolute, or `Film: a title.mkv` is a protocol
    except PermissionError as error:
        raise FilmError(f"{path} cannot be read", "Check its permissions.") from error
    except (av.FFmpegError, OSError) as error:
        raise _open_error(path, error) from error
    if container.format.name in _NO_VIDEO_FORMATS or container.format.name.endswith("_pipe"):
        container.close()
        raise FilmError(f"{path} is not a film", "Give a video file, such as an mp4 or mkv.")
    return container


def find_video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream to paint: never cover art; the default one first, then the largest, then the first."""
    streams = [stream for stream in container.streams.video if not is_cover(stream)]
    if not streams:
        raise FilmError(f"{path} has no video", "Give a film with a picture, not sound alone.")
    best = max(streams, key=lambda s: (bool(s.disposition & Disposition.default), _area(s), -s.index))
    if best.codec_context is None:
        raise FilmError(
            f"{path} holds video that this FFmpeg cannot decode",
            "Convert it to H.264 first, for example with HandBrake.",
        )
    return best


def is_cover(stream: Stream) -> bool:
    """Whether a video stream is a still picture that goes with the film, such as cover art."""
    return stream.type == "video" and bool(stream.disposition & _COVER_FLAGS)


def _area(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height if stream.codec_context is not None else 0


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise FilmError(f"{path} does not exist", "Check the name and the folder.") from error
    except OSError as error:
        raise FilmError(f"{path} cannot be read: {error.strerror}", "Check its name and permissions.") from error
    if path.is_dir():
        raise FilmError(f"{path} is a folder", "Give the file of a film in it.")
    if size == 0 and path.is_file():
        raise FilmError(f"{path} is empty", "Copy or download it again.")


def _open_error(path: Path, error: Exception) -> FilmError:
    with path.open("rb") as file:
        kind = file.read(8)[4:]
    if kind in (b"ftyp", b"mdat", b"wide", b"free"):
        return FilmError(
            f"{path} was cut short: the index at its end (moov) is missing",
            "Copy or download it again, or record to mkv, which survives being cut.",
        )
    reason = getattr(error, "strerror", None) or error
    return FilmError(f"{path} is not a film ({reason})", "Give a video file, such as an mp4 or mkv.")


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


class TimestampGuesser:
    """Tells when a decoded frame is shown, by whichever of its two times has been in order more often.

    Containers such as AVI say only in which order frames are stored; what a decoder makes of that is wrong as soon as
    frames were reordered. The rule is libavcodec's (`guess_correct_pts` in decode.c).
    """

    def __init__(self) -> None:
        self._last_pts = self._last_dts = float("-inf")
        self._wrong_pts = self._wrong_dts = 0
        self.is_monotonic = True
        """Whether every frame so far had both times, each after the one before: then it matters not where it began."""

    def pts(self, pts: int | None, dts: int | None) -> int | None:
        """Return the tick at which the frame is shown; None where nothing says."""
        self.is_monotonic = self.is_monotonic and pts is not None
        seen_pts, seen_dts = dts if pts is None else pts, pts if dts is None else dts
        if seen_pts is None or seen_dts is None:
            return None
        self._wrong_pts += pts is not None and pts <= self._last_pts
        self._wrong_dts += dts is not None and dts <= self._last_dts
        self._last_pts, self._last_dts = seen_pts, seen_dts
        self.is_monotonic = self.is_monotonic and not (self._wrong_pts or self._wrong_dts)
        return seen_pts if self._wrong_pts <= self._wrong_dts else seen_dts


class MonotonicClock:
    """Places one stream's ticks after each other, also where a recording starts its clock anew in the middle."""

    def __init__(self, second: int, step: int) -> None:
        """`second` and `step`, the usual distance of two ticks, are in ticks."""
        self.shift = 0
        """What was added to the tick placed last."""
        self._second = max(1, second)
        self._step = max(1, step)
        self._last: int | None = None
        self.is_monotonic = True
        """Whether every tick so far was given and used as it was."""

    def map(self, tick: int | None) -> int | None:
        """Return the tick to use, or None for one that repeats or steps back: its moment has passed.

        A step back by a second or more is a new clock (joined recordings, DVDs): what follows continues from here.
        A missing tick is one step after the last.
        """
        following = 0 if self._last is None else self._last + self._step
        placed = following if tick is None else tick + self.shift
        self.is_monotonic = self.is_monotonic and placed == tick and (self._last is None or placed > self._last)
        if self._last is not None and placed <= self._last:
            if self._last - placed < self._second:
                return None
            self.shift += following - placed
            placed = following
        self._last = placed
        return placed
