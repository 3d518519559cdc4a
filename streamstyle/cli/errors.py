"""Errors as messages and exit codes, and Ctrl-C as a request to stop."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Literal

import click

from streamstyle.cli.standard_streams import discard
from streamstyle.errors import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    OutputError,
    StreamstyleError,
    host_memory_error,
    lacks_host_memory,
)
from streamstyle.events import Failed, StopEvent
from streamstyle.files import log_folder
from streamstyle.formatting import sanitise

_NoArgsError: type[click.UsageError] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""Raised by click 8.2 and later for a group without a command; its message is the help."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

_STOPPING = b"\nstopping; press Ctrl-C again to abort\n"
_ABORTED = b"\naborted; the output so far is kept under its partial name\n"


def report_error(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Print an error on standard error, or as a JSON event on standard output, and return the exit code."""
    if isinstance(error, BrokenPipeError):
        return _exit_on_broken_pipe()
    if isinstance(error, _NoArgsError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if debug and not isinstance(error, click.exceptions.Exit | click.ClickException):
        traceback.print_exception(error)
    failed = to_failed(error, debug)
    report_failed(failed, as_json=as_json)
    return failed.exit_code


def report_failed(failed: Failed, *, as_json: bool) -> None:
    """Print the event of an error on standard error, or as JSON on standard output."""
    if not (as_json and _echo(failed.to_line(), "stdout")):
        _echo(sanitise(f"streamstyle: error: {failed.problem}. {failed.next_step}".rstrip()), "stderr")


def _echo(text: str, stream: Literal["stdout", "stderr"]) -> bool:
    """Print a line; return whether that was possible."""
    try:
        click.echo(text, err=stream == "stderr")
    except OSError:
        discard(stream)
        return False
    return True


def to_failed(error: BaseException, debug: bool) -> Failed:
    """Return the event for an error; the traceback of an internal error is written to a file unless `debug` is set."""
    if isinstance(error, click.ClickException):
        problem, _, advice = error.format_message().rstrip(".").partition(". ")
        return Failed(problem.rstrip("."), _next_step(advice, error), error.exit_code)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Failed("interrupted before anything was written", "", EXIT_INTERRUPTED)
    if known := _known_error(error):
        return Failed(known.problem, known.next_step, known.exit_code)
    problem = f"internal error, {type(error).__name__}: {error}".rstrip(". ")
    if debug:
        return Failed(problem, "The traceback is above.", EXIT_INTERNAL)
    path = _write_traceback(error)
    next_step = f"The traceback is in {path}; --debug prints it." if path else "--debug prints the traceback."
    return Failed(problem, next_step, EXIT_INTERNAL)


def _known_error(error: BaseException) -> StreamstyleError | None:
    """Return what a user can correct; lack of disk space and of memory may show anywhere."""
    if isinstance(error, StreamstyleError):
        return error
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        where = f" to {error.filename}" if error.filename else ""
        return OutputError(f"nothing more can be written{where} ({error.strerror})", "Free some space.")
    return host_memory_error() if lacks_host_memory(error) else None


def _next_step(advice: str, error: click.ClickException) -> str:
    """Return the advice in click's message, if there is one, and the help page to read."""
    advice = advice.strip("()")
    advice = f"{advice} " if advice.endswith("?") else f"{advice}. " if advice else ""
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "streamstyle"
    return f"{advice}See `{command} --help`."


def _write_traceback(error: BaseException) -> Path | None:
    """Write the traceback to a file and return its path; None where no folder can be written."""
    name = f"traceback-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    for folder in (log_folder, lambda: Path(tempfile.gettempdir())):
        with suppress(OSError):
            path = folder() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            return path
    return None


def _exit_on_broken_pipe() -> int:
    """Exit without a message when the reader of standard output has exited, as `head` does."""
    discard("stdout")
    return 1


@contextmanager
def stop_on_signal(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first SIGINT, SIGTERM or SIGHUP, and exit the process at the second.

    Signals that are ignored already, such as SIGHUP under `nohup`, stay ignored. `stop` may be set by others, too. Once
    it is too late to stop, because the output is published, signals are ignored, also after leaving.
    """
    signalled = False

    def is_too_late() -> bool:
        return isinstance(stop, StopEvent) and stop.too_late

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal signalled
        if is_too_late():
            return
        if signalled:
            _write_stderr(_ABORTED)
            os._exit(EXIT_INTERRUPTED)
        signalled = True
        stop.set()
        _write_stderr(_STOPPING)

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    previous = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names}
    handled = [number for number, handler in previous.items() if handler is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in () if is_too_late() else handled:
            signal.signal(number, previous[number] or signal.SIG_DFL)


def _write_stderr(text: bytes) -> None:
    """Write past Python's buffers, which the interrupted code may have locked."""
    try:
        os.write(2, text)
    except OSError:
        return
