"""The output file: its names while it is written, its container, its lock, and the errors of writing it."""

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
    """Return the name of an unfinished output: `film.partial.mkv` for `film.mkv`."""
    return output.with_name(f"{output.stem}.partial{output.suffix}")


def set_aside_path(output: Path) -> Path:
    """Return the name of an earlier partial output while its frames are copied: `film.partial.earlier.mkv`."""
    return output.with_name(f"{output.stem}.partial.earlier{output.suffix}")


def check_output(output: Path, source: Path) -> None:
    """Raise OutputError if `output` cannot be written or would overwrite its source."""
    if output.is_dir():
        raise OutputError(f"{output} is a folder", "Give a file name in it, such as output.mkv.")
    if not output.parent.is_dir():
        raise OutputError(f"the folder {output.parent} does not exist", "Create it, or choose another with -o.")
    if not output.suffix:
        raise OutputError(f"{output} has no extension, so its container is unknown", "Add one, such as .mkv.")
    for path in (output, partial_path(output)):
        if path.exists() and path.samefile(source):
            raise OutputError(f"{output} would overwrite the film it is made from", "Choose another name with -o.")


def new_container(
    output: Path, name: Path, time_base: Fraction = Fraction(1, 1000), in_fragments: bool = False
) -> OutputContainer:
    """Return a container of the format of `output`'s extension, to be written to `name`.

    The file is created when its header is written. `time_base` is that of the video, in seconds. An MP4 `in_fragments`
    can be read even if the run is killed; once closed, it is an ordinary one. Raises OutputError for an extension that
    is no container.
    """
    options = {"flush_packets": "1", "max_interleave_delta": "100000"}  # 0.1 s: packets are muxed in order anyway
    if output.suffix.lower() in (".mkv", ".webm"):
        # Short clusters reach the disk early, in case the run is killed. Audio priming must not shift the frames.
        options |= {"cluster_time_limit": "250", "avoid_negative_ts": "disabled"}
    if output.suffix.lower() in (".mp4", ".m4v", ".mov"):
        # Without movie_timescale, the start of a late first frame is rounded to a millisecond.
        options |= {"movie_timescale": str(time_base.denominator)}
        fragments = "+hybrid_fragmented+frag_keyframe+delay_moov" if in_fragments else ""
        # Without negative_cts_offsets, all frames of a variable frame rate may start slightly early.
        options |= {"movflags": f"negative_cts_offsets{fragments}"}
    try:
        return av.open(str(name.absolute()), "w", container_options=options)
    except (ValueError, av.FFmpegError) as error:
        raise OutputError(
            f"{output} ends in {output.suffix}, which is no container that FFmpeg knows", _suggest_extension(output)
        ) from error


@contextmanager
def output_errors(partial: Path) -> Iterator[None]:
    """Turn an OSError from writing `partial` into an OutputError with a next step."""
    try:
        yield
    except OSError as error:  # includes errors of FFmpeg that have a system errno
        if error.errno in _DISK_FULL:
            raise OutputError(
                f"No space is left for {partial.name} in {partial.parent}",
                "Free some space, or choose another disk with -o; the finished frames are in the partial file.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(f"{partial.parent} cannot be written to", "Choose another folder with -o.") from error
        raise OutputError(
            f"{partial} cannot be written: {error.strerror or error}", "Choose another place with -o."
        ) from error


def remove_if_empty(partial: Path) -> None:
    """Remove the file if nothing was written to it."""
    with suppress(OSError):
        if partial.stat().st_size == 0:
            partial.unlink()


def check_unlocked(partial: Path) -> None:
    """Raise OutputError if another run is writing to the file."""
    if partial.exists():
        with lock_file(partial):
            pass


@contextmanager
def lock_file(partial: Path) -> Iterator[None]:
    """Lock the file, created empty if it does not exist, against other runs; OutputError if one of them has the lock.

    The system releases the lock when the process ends, however it ends. On Windows, and on file systems without locks,
    nothing is locked.
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
    import fcntl  # noqa: PLC0415  # not available on Windows

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(
            f"another run is writing {partial.name}", "Wait until it ends, or choose another output with -o."
        ) from error
    except OSError:  # a file system without locks
        return


def _suggest_extension(output: Path) -> str:
    nearest = max(VIDEO_SUFFIXES, key=lambda suffix: SequenceMatcher(None, output.suffix.lower(), suffix).ratio())
    return f"Call it {output.with_suffix(nearest).name}."
