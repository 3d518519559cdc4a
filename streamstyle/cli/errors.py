"""What is said when something went wrong, and with which exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from platformdirs import user_log_path

from streamstyle.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, StreamstyleError
from streamstyle.events import Failed
from streamstyle.formatting import sanitise

_NoArgsError: type[click.UsageError] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""Raised by click 8.2 and later where nothing is given to a group of commands: its message is the help."""


def report_error(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Say what went wrong, on standard error or as a JSON event, and return the exit code."""
    if isinstance(error, BrokenPipeError):
        return _exit_on_broken_pipe()
    if isinstance(error, _NoArgsError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if debug and not isinstance(error, click.exceptions.Exit | click.ClickException):
        traceback.print_exception(error)
    failed = to_failed(error, debug)
    if as_json:
        click.echo(failed.to_line())
    else:
        click.echo(sanitise(f"streamstyle: error: {failed.problem}. {failed.next_step}".rstrip()), err=True)
    return failed.exit_code


def to_failed(error: BaseException, debug: bool) -> Failed:
    """Return what there is to say of an error; the traceback of a fault of ours is kept in a file, or shown already."""
    if isinstance(error, StreamstyleError):
        return Failed(error.problem, error.next_step, error.exit_code)
    if isinstance(error, click.ClickException):
        return Failed(error.format_message().rstrip("."), _help_hint(error), error.exit_code)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Failed("interrupted before there was anything to keep", "", EXIT_INTERRUPTED)
    problem = f"a fault of the program itself, {type(error).__name__}: {error}".rstrip(". ")
    where = (
        "The traceback is above." if debug else f"The traceback is in {_write_traceback(error)}; --debug shows it here."
    )
    return Failed(problem, where, EXIT_INTERNAL)


def _help_hint(error: click.ClickException) -> str:
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "streamstyle"
    return f"See `{command} --help`."


def _write_traceback(error: BaseException) -> Path:
    path = user_log_path("streamstyle", appauthor=False) / f"fault-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path


def _exit_on_broken_pipe() -> int:
    """Leave quietly when the reader of our output has gone, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


_STOPPING = b"\nstopping; Ctrl-C once more aborts at once\n"
_ABORTED = b"\naborted; what was written so far is left under its partial name\n"


@contextmanager
def stop_on_signal(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first SIGINT, SIGTERM or SIGHUP, and leave the process at the second.

    A signal that is ignored already stays so: `nohup` keeps its promise. `stop` may be set by others, too.
    """
    signalled = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal signalled
        if signalled:
            _write_stderr(_ABORTED)
            os._exit(EXIT_INTERRUPTED)
        signalled = True
        stop.set()
        _write_stderr(_STOPPING)

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names}
    heard = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number] or signal.SIG_DFL)


def _write_stderr(text: bytes) -> None:
    """Write past Python's buffers, which the interrupted code may hold locked."""
    try:
        os.write(2, text)
    except OSError:
        return
