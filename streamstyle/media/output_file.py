"""Where the result goes: a partial name while it grows, the final one once it is whole and on the disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import SequenceMatcher
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from streamstyle.errors import OutputError
from streamstyle.files import VIDEO_SUFFIXES

if TYPE_CHECKING:
    from av.container import OutputContainer

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def partial_path(output: Path) -> Path:
    """Return the name an output bears until it is whole: `film.partial.mkv` for `film.mkv`."""
    return output.with_name(f"{output.stem}.partial{output.suffix}")


def set_aside_path(output: Path) -> Path:
    """Return the name an earlier run's partial film bears while its frames are copied: `film.partial.earlier.mkv`."""
    return output.with_name(f"{output.stem}.partial.earlier{output.suffix}")


def check_output(output: Path, source: Path) -> None:
    """Raise OutputError where `output` could not be written, or would destroy the film it is made from."""
    if output.is_dir():
        raise OutputError(f"{output} is a folder", "Give a file name in it, such as painted.mkv.")
    if not output.parent.is_dir():
        raise OutputError(f"The folder {output.parent} does not exist", "Create it, or choose another with -o.")
    if not output.suffix:
        raise OutputError(f"{output} has no ending that says which container it is", "Call it .mkv.")
    for mine in (output, partial_path(output)):
        if mine.exists() and mine.samefile(source):
            raise OutputError(f"{output} would overwrite the film it is made from", "Choose another name with -o.")


def new_container(
    output: Path, name: Path, tick: Fraction = Fraction(1, 1000), in_fragments: bool = False
) -> OutputContainer:
    """Return a container of the kind `output` ends in, to be written to `name`; no file exists until its header is.

    `tick` is what the picture's times count in, in seconds. An MP4 `in_fragments` can be read should the run be killed;
    closed, it is as any other. OutputError for an ending that is no container.
    """
    options = {"flush_packets": "1", "max_interleave_delta": "100000"}  # packets come in order: none has to wait
    if output.suffix.lower() in (".mkv", ".webm"):  # what is encoded is on the disk at once, should the run be killed
        options |= {"cluster_time_limit": "250", "avoid_negative_ts": "disabled"}  # the sound's priming moves no frame
    if output.suffix.lower() in (".mp4", ".m4v", ".mov"):
        options |= {"movie_timescale": str(tick.denominator)}  # or a first frame that is late is put on a millisecond
        hybrid = "+hybrid_fragmented+frag_keyframe+delay_moov" if in_fragments else ""
        options |= {"movflags": f"negative_cts_offsets{hybrid}"}  # or frames at uneven times may all begin a bit early
    try:
        return av.open(str(name.absolute()), "w", container_options=options)
    except (ValueError, av.FFmpegError) as error:
        raise OutputError(
            f"{output} ends in {output.suffix}, which is no container known here", _suggest_extension(output)
        ) from error


def _suggest_extension(output: Path) -> str:
    ending = output.suffix.lower()
    near = max(VIDEO_SUFFIXES, key=lambda known: SequenceMatcher(None, ending, known).ratio())
    return f"Call it {output.with_suffix(near).name}."


def remove_if_empty(partial: Path) -> None:
    """Leave no file behind into which nothing could be written."""
    with suppress(OSError):
        if partial.stat().st_size == 0:
            partial.unlink()


@contextmanager
def output_errors(partial: Path) -> Iterator[None]:
    """Turn what the system says when `partial` cannot be written into one line with a next step."""
    try:
        yield
    except OSError as error:  # FFmpeg's own errors with a system errno are OSErrors too
        if error.errno in _DISK_FULL:
            raise OutputError(
                f"No room is left for {partial.name} in {partial.parent}",
                "Free some space, or choose another disk with -o; what was finished is in the partial file.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(f"{partial.parent} cannot be written to", "Choose another folder with -o.") from error
        raise OutputError(
            f"{partial} cannot be written: {error.strerror or error}", "Choose another place with -o."
        ) from error


def check_unlocked(partial: Path) -> None:
    """Raise OutputError where another run writes to the file now."""
    if partial.exists():
        with locked(partial):
            pass


@contextmanager
def locked(partial: Path) -> Iterator[None]:
    """Hold the file, made empty where there is none, against other runs; OutputError where one of them has it.

    The system lets go of it with the process, however that ends. Where it has no such locks nothing is held.
    """
    if os.name != "posix":
        yield
        return
    with output_errors(partial):
        file = os.open(partial, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(file, partial)
    except OutputError:
        os.close(file)
        raise
    try:
        yield
    finally:
        remove_if_empty(partial)
        os.close(file)


def _lock(file: int, partial: Path) -> None:
    import fcntl  # noqa: PLC0415  # there is none on Windows

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(
            f"another run is writing {partial.name} just now", "Let it end, or choose another output with -o."
        ) from error
    except OSError:  # a file system without locks
        return
