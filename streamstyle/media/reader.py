"""Read a video file: open it, choose its video stream, demux, seek.

Damaged packets are skipped; what makes a file unreadable as a whole is a VideoError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.stream import Disposition

from streamstyle.errors import VideoError
from streamstyle.files import special_file
from streamstyle.media.image_sequence import find_images, is_sequence
from streamstyle.media.standard_streams import STANDARD_INPUT, STDIN

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from streamstyle.media.standard_streams import PipeReader

_COVER_FLAGS = Disposition.attached_pic | Disposition.timed_thumbnails
_NO_VIDEO_FORMATS = ("image2", "tty")
"""FFmpeg opens still images and any text file as video."""

_OPEN_OPTIONS: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
"""By default PyAV 18 does not open files with a tag that is not UTF-8; 19 does."""

_MAX_FAILURES = 100
"""Times in a row that reading may fail before the rest of a file is given up."""

MAX_INTERLEAVE = 10
"""Seconds by which packets of different streams may be apart in a file."""

_MIN_SKIP = 1 << 12
"""Bytes that a demuxer skips at least before it reports that it found no packet; MPEG-TS skips 65536."""


def open_video(path: Path) -> InputContainer:
    """Open a video file for demuxing. VideoError where it cannot be read or is not a video.

    Of an image sequence the first image is opened, of standard input its head: enough for what a header tells.
    """
    if path == STDIN:
        return open_pipe(STANDARD_INPUT.open_head())
    if is_sequence(path):
        return _open_image(find_images(path)[0])
    _check_file(path)
    try:
        # an absolute path, since FFmpeg takes `Film: a title.mkv` for a protocol
        container: InputContainer = av.open(str(path.absolute()), "r", **_OPEN_OPTIONS)
    except PermissionError as error:
        raise VideoError(f"{path} cannot be read", "Check its permissions.") from error
    except (av.FFmpegError, OSError) as error:
        raise _open_error(path, error) from error
    if container.format.name in _NO_VIDEO_FORMATS or container.format.name.endswith("_pipe"):
        container.close()
        raise VideoError(f"{path} is not a film", "Give a video file, such as an mp4 or mkv.")
    return container


def open_pipe(pipe: PipeReader) -> InputContainer:
    """Open what comes from a pipe for demuxing. VideoError where it is not a video, or one that has to be sought in."""
    try:
        container: InputContainer = av.open(pipe, "r", **_OPEN_OPTIONS)
    except (av.FFmpegError, OSError) as error:
        if not pipe.read(1) and not pipe.has_read:
            raise VideoError("standard input is empty", "See what the program says that should write to it.") from error
        reason = getattr(error, "strerror", None) or error
        raise VideoError(
            f"standard input is not a film that can be piped ({reason})", "Pipe y4m, NUT or Matroska: ffmpeg -f nut -."
        ) from error
    return container


def _open_image(image: Path) -> InputContainer:
    try:
        container: InputContainer = av.open(str(image.absolute()), "r")
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"{image} cannot be decoded ({reason})", "Write it again.") from error
    return container


def _check_file(path: Path) -> None:
    try:
        size, kind = path.stat().st_size, special_file(path)
    except FileNotFoundError as error:
        raise VideoError(f"{path} does not exist", "Check the name and the folder.") from error
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror}", "Check its name and permissions.") from error
    if kind is not None:  # a film is read several times, and sought in
        raise VideoError(f"{path} is {kind}, not a file", "Save the film as a file first, and give that.")
    if size == 0:
        raise VideoError(f"{path} is empty", "Copy or download it again.")


def _open_error(path: Path, error: Exception) -> VideoError:
    with path.open("rb") as file:
        kind = file.read(8)[4:]
    if kind in (b"ftyp", b"mdat", b"wide", b"free"):
        return VideoError(
            f"{path} is truncated: the index at its end (moov) is missing",
            "Copy or download it again; when recording, use mkv, which can be read when truncated.",
        )
    reason = getattr(error, "strerror", None) or error
    return VideoError(f"{path} is not a film ({reason})", "Give a video file, such as an mp4 or mkv.")


def find_video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the video stream to process: the default one, else the largest, else the first; never cover art.

    VideoError where there is none that can be decoded.
    """
    streams = [stream for stream in container.streams.video if not is_cover(stream)]
    if not streams:
        raise VideoError(f"{path} has no video", "Give a file with a video stream, not audio alone.")
    best = max(streams, key=lambda each: (bool(each.disposition & Disposition.default), _area(each), -each.index))
    if best.codec_context is None:
        raise VideoError(
            f"{path} has video that this FFmpeg cannot decode",
            "Convert it to H.264 first, for example with HandBrake.",
        )
    return best


def _area(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height if stream.codec_context is not None else 0


def is_cover(stream: Stream) -> bool:
    """Whether a stream is a still image that accompanies the video, such as cover art."""
    return stream.type == "video" and bool(stream.disposition & _COVER_FLAGS)


def demux(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """Yield the packets of these streams in file order, skipping what is damaged.

    VideoError where the disk fails.
    """
    failures, skipped = 0, 0
    while failures < _MAX_FAILURES and skipped <= max(0, container.size) // _MIN_SKIP:  # of a pipe it is unknown
        try:
            for packet in container.demux(*streams):
                failures = skipped = 0
                yield packet
            return
        except IndexError:  # of PyAV, at the end of a broadcast that started another stream in the middle
            return
        except av.BlockingIOError:  # nothing but damage in the part that a demuxer searches at once
            skipped += 1
        except OSError as error:
            raise VideoError(
                f"{container.name} cannot be read any further: {error.strerror or error}", "Copy it to another disk."
            ) from error
        except av.FFmpegError:
            failures += 1


@contextmanager
def open_at(path: Path, time: Fraction | None) -> Iterator[InputContainer]:
    """Open a video to be read from `time`, in seconds, or before; from its beginning if that is None."""
    container = open_video(path)
    tick = container.start_time if time is None else round(time * av.time_base)
    if (tick or 0) > (container.start_time or 0) and not seek(container, tick or 0):
        container.close()
        container = open_video(path)
    with container:
        yield container


def seek(container: InputContainer, tick: int, stream: Stream | None = None) -> bool:
    """Seek to a key frame at or before `tick`, in ticks of the stream, else in microseconds.

    False if that fails: the container has to be opened again then, since what was read ahead may be lost.
    """
    try:
        container.seek(tick, stream=stream)
    except av.FFmpegError:
        return False
    return True
