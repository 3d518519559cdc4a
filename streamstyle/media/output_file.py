"""The output file while it is written: its container, its lock, its publication, and the errors of writing it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.error import PyAVCallbackError
from av.format import Flags

from streamstyle.errors import OutputError
from streamstyle.files import VIDEO_SUFFIXES, fsync_descriptor, replace_durably
from streamstyle.media.matroska_tee import TEE, open_muxer
from streamstyle.media.muxer_trial import NullFile
from streamstyle.media.standard_streams import STDOUT_FORMATS, StandardOutput, is_stdout

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.format import ContainerFormat

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OPEN_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_SIMILAR = 0.7
"""Similarity from which on an extension is taken for a slip of the finger."""


def new_container(
    output: Path,
    target: Path | PartialFile | StandardOutput,
    time_base: Fraction = Fraction(1, 1000),
    *,
    through_tee: bool = False,
) -> OutputContainer:
    """Return a container of the format of `output`'s extension, to be written to `target`.

    A path is created when the header is written. `time_base` is that of the video, in seconds. MP4 is written in
    fragments, which can be read even if the run is killed; once closed, it is an ordinary file. `through_tee` opens
    Matroska as `matroska_tee` does. Raises OutputError for an extension that is no container in a single file.
    """
    if is_stdout(output) or isinstance(target, StandardOutput):
        # the muxer of y4m calls ten bits experimental
        piped = {"flush_packets": "1", "strict": "-1"}
        sink: Any = target if isinstance(target, StandardOutput) else NullFile()
        return av.open(sink, "w", format=STDOUT_FORMATS[str(output)], container_options=piped)
    options = {"flush_packets": "1", "max_interleave_delta": "100000"}  # 0.1 s: packets are muxed in order anyway
    if output.suffix.lower() in (".mkv", ".webm"):
        # Short clusters reach the disk early, in case the run is killed. Audio priming must not shift the frames.
        options |= {"cluster_time_limit": "250", "avoid_negative_ts": "disabled"}
    if output.suffix.lower() in (".mp4", ".m4v", ".mov"):
        # Without movie_timescale, the start of a late first frame is rounded to a millisecond.
        options |= {"movie_timescale": str(time_base.denominator)}
        fragments = "+hybrid_fragmented+frag_keyframe+delay_moov"
        # Without negative_cts_offsets, all frames of a variable frame rate may start slightly early.
        options |= {"movflags": f"negative_cts_offsets{fragments}"}
    if isinstance(target, PartialFile):
        return open_muxer(TEE if through_tee else _container_format(output).name, target, options)
    return av.open(str(target.absolute()), "w", format=_container_format(output).name, container_options=options)


def _container_format(output: Path) -> ContainerFormat:
    try:
        with av.open(str(output.absolute()), "w") as unwritten:  # nothing is created before the header is written
            container_format = unwritten.format
    except (ValueError, av.FFmpegError) as error:
        raise OutputError(
            f"{output} ends in {output.suffix}, which is no container that FFmpeg knows", _suggest_extension(output)
        ) from error
    if container_format.flags & cast("int", Flags.no_file.value):
        raise OutputError(f"{output.name} would not be one file, but several", f"Call it {output.stem}.mkv.")
    return container_format


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
        if error.errno == errno.EPIPE:
            raise OutputError("the program that reads standard output has ended", "See what it says.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(f"{partial.parent} cannot be written to", "Choose another folder with -o.") from error
        raise OutputError(
            f"{partial} cannot be written: {error.strerror or error}", "Choose another place with -o."
        ) from error
    except PyAVCallbackError as error:  # it could not be written before, and that error has been raised already
        raise OutputError(f"{partial} could not be written", "Choose another place with -o.") from error


class PartialFile:
    """An output while it is written: an open file, locked against other runs, whatever happens to its name.

    The system releases the lock when the process ends, however it ends. On Windows, and on file systems without locks,
    nothing is locked. FFmpeg writes through this object, as it would to a file of Python.
    """

    def __init__(self, path: Path) -> None:
        """Create the file, which must not exist. Raises OutputError."""
        self.path = path
        self.before_first_write: Callable[[bytes], None] = _do_nothing
        """Called once, with what the file will begin with, before it gets any content."""
        with output_errors(path):
            try:
                self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN_FLAGS, 0o666)
            except FileExistsError as error:
                raise _locked(path) from error
        _lock(self._descriptor, path)
        self._has_stable_identity = self._is_in_place()  # there are file systems that make up inode numbers
        self._is_empty = True

    def write(self, data: bytes) -> int:
        """Write all of the data. Raises OSError."""
        if self._is_empty:
            self.before_first_write(data)
            self._is_empty = False
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position and return it."""
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def sync(self) -> None:
        """Wait until everything written so far is on the disk. Raises OSError."""
        fsync_descriptor(self._descriptor)

    def require_in_place(self) -> None:
        """Raise OutputError if the file has lost its name: it was removed, renamed or replaced, or its folder was."""
        if self._has_stable_identity and not self._is_in_place():
            raise OutputError(
                f"{self.path} was removed, renamed or replaced while it was written",
                "If it was moved, move it back to resume; otherwise the same command starts from the beginning.",
            )

    def publish(self, output: Path) -> None:
        """Give the file its final name, on the disk: this file, not another one with its name. Raises OutputError."""
        with output_errors(self.path):
            self.sync()
            self.require_in_place()
            if os.name != "posix":
                self._release()  # Windows renames no open file
            replace_durably(self.path, output)

    def discard(self) -> None:
        """Remove the file."""
        if self._has_stable_identity and not self._is_in_place():
            return
        if os.name != "posix":
            self._release()  # Windows removes no open file
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the lock; a file without content is removed."""
        if self._descriptor < 0:
            return
        if os.fstat(self._descriptor).st_size == 0:
            self.discard()
        self._release()

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.lstat())
        except OSError:
            return False


@contextmanager
def lock_existing(path: Path) -> Iterator[None]:
    """Lock a file, if it exists, against other runs; OutputError if one of them has the lock."""
    if os.name != "posix" or not path.is_file():
        yield
        return
    with output_errors(path):
        descriptor = os.open(path, os.O_RDWR | _OPEN_FLAGS)
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    if os.name != "posix":
        return
    import fcntl  # noqa: PLC0415  # not available on Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _locked(path) from error
    except OSError:  # a file system without locks
        return


def _locked(path: Path) -> OutputError:
    return OutputError(f"another run is writing {path.name}", "Wait until it ends, or choose another output with -o.")


def _do_nothing(head: bytes) -> None:
    """Stand in for a callback."""


def _suggest_extension(output: Path) -> str:
    def similarity(suffix: str) -> float:
        return SequenceMatcher(None, output.suffix.lower(), suffix).ratio()

    nearest = max(VIDEO_SUFFIXES, key=similarity)
    suffix = nearest if similarity(nearest) >= _SIMILAR else VIDEO_SUFFIXES[0]
    return f"Call it {output.with_suffix(suffix).name}."
