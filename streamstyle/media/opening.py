"""A film's file, opened for reading, or one clear line about why it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.stream import Disposition

from streamstyle.errors import FilmError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
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
