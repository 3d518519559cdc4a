"""A partial film belongs to the run that writes it, for as long as that lives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamstyle.errors import OutputError
from streamstyle.media.output import output_errors, remove_if_empty


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
