"""Errors as messages and exit codes, and Ctrl-C as a request to stop."""

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

from streamstyle.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, StreamstyleError
from streamstyle.events import Failed
from streamstyle.files import log_folder
from streamstyle.formatting import sanitise

_NoArgsError: type[click.UsageError] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""Raised by click 8.2 and later for a group without a command; its message is the help."""

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
    if as_json:
        click.echo(failed.to_line())
    else:
        click.echo(sanitise(f"streamstyle: error: {failed.problem}. {failed.next_step}".rstrip()), err=True)
    return failed.exit_code


def to_failed(error: BaseException, debug: bool) -> Failed:
    """Return the event for an error; the traceback of an internal error is written to a file unless `debug` is set."""
    if isinstance(error, StreamstyleError):
        return Failed(error.problem, error.next_step, error.exit_code)
    if isinstance(error, click.ClickException):
        problem, _, advice = error.format_message().rstrip(".").partition(". ")
        return Failed(problem.rstrip("."), _next_step(advice, error), error.exit_code)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Failed("interrupted before anything was written", "", EXIT_INTERRUPTED)
    problem = f"internal error, {type(error).__name__}: {error}".rstrip(". ")
    if debug:
        return Failed(problem, "The traceback is above.", EXIT_INTERNAL)
    return Failed(problem, f"The traceback is in {_write_traceback(error)}; --debug prints it.", EXIT_INTERNAL)


def _next_step(advice: str, error: click.ClickException) -> str:
    """Return the advice in click's message, if there is one, and the help page to read."""
    advice = advice.strip("()")
    advice = f"{advice} " if advice.endswith("?") else f"{advice}. " if advice else ""
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "streamstyle"
    return f"{advice}See `{command} --help`."


def _write_traceback(error: BaseException) -> Path:
    path = log_folder() / f"traceback-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path


def _exit_on_broken_pipe() -> int:
    """Exit without a message when the reader of standard output has exited, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


@contextmanager
def stop_on_signal(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first SIGINT, SIGTERM or SIGHUP, and exit the process at the second.

    Signals that are ignored already, such as SIGHUP under `nohup`, stay ignored. `stop` may be set by others, too.
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
    previous = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names}
    handled = [number for number, handler in previous.items() if handler is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, previous[number] or signal.SIG_DFL)


def _write_stderr(text: bytes) -> None:
    """Write past Python's buffers, which the interrupted code may have locked."""
    try:
        os.write(2, text)
    except OSError:
        return
