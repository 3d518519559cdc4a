"""Files and folders: atomic writes, names, JSON, fingerprints, the user's folders, private and temporary ones."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from platformdirs import user_cache_path, user_config_path, user_data_path, user_log_path, user_state_path

from streamstyle.process_identity import ProcessIdentity

VIDEO_SUFFIXES = (
    ".mkv", ".mp4", ".mov", ".m4v", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".ogv", ".flv",
    ".wmv", ".3gp", ".mxf", ".nut", ".y4m", ".gif",
)  # fmt: skip
"""Common suffixes of video files, the best-known first; FFmpeg knows more."""

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".jp2")
"""Common suffixes of still images."""

DEFAULT_MAX_NAME = 255
"""Bytes that a file name can have where the system does not say."""

_HIDDEN_NAME = 64
"""Bytes of a name that the hidden name of `atomic_write` begins with."""

_NOT_SUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""Errors of a file system that cannot sync a file: network and FUSE file systems, devices."""

_SAMPLES = 64
_SAMPLE_BYTES = 64 << 10
_TEMPORARY = re.compile(r"streamstyle-(?P<pid>\d+)-(?P<create_time>\d+)-\w+")


def expand_home(path: Path | str) -> Path:
    """Return a path that was typed with `~` as the user's home folder; `~name` stays where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def atomic_write(path: Path, content: bytes | str, *, partial: Path | None = None, durable: bool = False) -> None:
    """Write a file so that a reader sees either the old or the new content, complete; text is encoded as UTF-8.

    It is written to `partial`, which must not exist, by default a hidden name that nothing else uses, and renamed. With
    `durable` it survives a power failure once this returns. Raises OSError, and keeps the old content.
    """
    hidden = f".{shorten_name(path.name, _HIDDEN_NAME)}.{secrets.token_hex(4)}.partial"
    partial = partial or path.with_name(hidden)
    file = partial.open("xb")  # follows no link
    try:
        with file:
            file.write(content.encode() if isinstance(content, str) else content)
        if durable:
            publish(partial, path)
        else:
            partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def publish(partial: Path, path: Path) -> None:
    """Rename a finished file to its final name, after an fsync of its content; the rename is synced, too."""
    with partial.open("rb+") as file:
        fsync_descriptor(file.fileno())
    replace_durably(partial, path)


def replace_durably(path: Path, target: Path) -> None:
    """Rename a file and sync the rename, where the file system can: CIFS and some FUSE file systems sync no folder."""
    path.replace(target)
    if os.name != "posix":
        return
    with suppress(OSError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def fsync_descriptor(descriptor: int) -> None:
    """Wait until everything written to an open file is on the disk, where its file system can tell. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise


def max_name_length(folder: Path) -> int:
    """Return how many bytes the name of a file in the folder can have."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):
        return DEFAULT_MAX_NAME


def shorten_name(name: str, size: int) -> str:
    """Return the name, or where it has more than `size` bytes its beginning and a digest of it: always the same."""
    encoded = os.fsencode(name)
    if len(encoded) <= size:
        return name
    digest = blake2b(encoded, digest_size=4).hexdigest()
    return f"{encoded[: max(0, size - len(digest) - 1)].decode('utf-8', 'ignore')}~{digest}"


def create_private_folder(path: Path) -> None:
    """Create a folder that only this user can enter; in one that exists, only this user will be able to write.

    Raises OSError, also for a link and for a folder of another user: whoever made it could plant files there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder", str(path))
    if not is_own(path):
        raise PermissionError(errno.EPERM, "it belongs to another user", str(path))
    if os.name == "posix" and found.st_mode & 0o022:
        path.chmod(stat.S_IMODE(found.st_mode) & ~0o022)


def is_own(path: Path) -> bool:
    """Return whether a file, folder or link belongs to this user; where there are no owners it does. Raises OSError."""
    return not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid()


def file_state(file: IO[bytes]) -> tuple[int, int]:
    """Return the size and the time of the last change of an open file, whatever its name leads to by now."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def special_file(path: Path) -> str | None:
    """Return what a path is that is no regular file, such as `a pipe`; None for a file. Raises OSError.

    Opening a named pipe would wait for its other end, and what is read from it cannot be read again.
    """
    mode = path.stat().st_mode
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
    return kinds.get(stat.S_IFMT(mode))


def parse_json_object(text: bytes | str) -> dict[str, Any]:
    """Return the JSON object in a text; an empty one if it holds none."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one if it cannot be read or holds none."""
    try:
        return parse_json_object(path.read_bytes())
    except OSError:
        return {}


def fingerprint(path: Path) -> str:
    """Return 32 hexadecimal digits that identify the content of a file. Raises OSError if it cannot be read.

    Of a file larger than 4 MB only its size and 64 samples of 64 kB are hashed, evenly spaced and including both ends,
    so 50 GB take as long as 5 MB.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest = blake2b(str(size).encode(), digest_size=16)
        for offset in _sample_offsets(size):
            file.seek(offset)
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def cache_folder() -> Path:
    """Return the folder of files that may be deleted at any time: `STREAMSTYLE_CACHE`, or the system's default."""
    chosen = os.environ.get("STREAMSTYLE_CACHE")
    return Path(chosen) if chosen else _user_folder(user_cache_path)


def data_folder() -> Path:
    """Return the folder of files to keep, such as trained styles."""
    return _user_folder(user_data_path)


def config_folder() -> Path:
    """Return the folder of files that the user writes."""
    return _user_folder(user_config_path)


def state_folder() -> Path:
    """Return the folder of state that is kept between runs."""
    return _user_folder(user_state_path)


def log_folder() -> Path:
    """Return the folder of logs."""
    return _user_folder(user_log_path)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder and remove it afterwards; if this process is killed, a later call removes it."""
    remove_orphans()
    owner = ProcessIdentity.current()
    prefix = f"streamstyle-{owner.pid}-{owner.create_time:.0f}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def remove_orphans() -> None:
    """Remove temporary folders left by processes of this user that are no longer running."""
    with suppress(OSError):
        for path in Path(tempfile.gettempdir()).iterdir():
            match = _TEMPORARY.fullmatch(path.name)
            if match is None or not is_own(path):
                continue
            owner = ProcessIdentity(int(match["pid"]), float(match["create_time"]))
            if not owner.is_running():
                shutil.rmtree(path, ignore_errors=True)


def _user_folder(user_path: Callable[..., Path]) -> Path:
    """Return the folder, or one that nothing can be written to where the user has no home folder.

    That is so in containers, for a user id without an account and no HOME; platformdirs then raises an error or, in
    older versions, returns a path that begins with `~`, below whatever folder the program was started in.
    """
    try:
        path = user_path("streamstyle", appauthor=False)
    except RuntimeError:
        path = Path("~")
    return path if path.is_absolute() else Path(os.devnull) / "no home folder"


def _sample_offsets(size: int) -> list[int]:
    if size <= _SAMPLES * _SAMPLE_BYTES:
        return list(range(0, size, _SAMPLE_BYTES))
    return [(size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1) for sample in range(_SAMPLES)]
