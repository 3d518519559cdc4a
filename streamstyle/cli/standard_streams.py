"""Standard input, output and error where they are closed, or cannot be written to."""

from __future__ import annotations

import os
import sys
from typing import Literal

import click

from streamstyle.errors import OutputError


def open_closed_streams() -> None:
    """Open the standard streams that were closed at the start as the null device.

    Otherwise the output would get the number of one of them, and what a library prints would end up in the film.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # the lowest free number is the next one's
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123  # open until the end
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def echo_line(text: str) -> None:
    """Print a line on standard output. Raises OutputError if it cannot be written, as on a full disk."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"standard output cannot be written to ({error.strerror or error})",
            "Free some space, or send it elsewhere.",
        ) from error


def discard(name: Literal["stdout", "stderr"]) -> None:
    """Send a stream that cannot be written to, with what it still holds, to the null device.

    Python writes it when the process ends, and would change the exit code if that failed.
    """
    stream = getattr(sys, name)
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # it is no file, as under a test
        return


def flush_stdout() -> None:
    """Write what standard output still holds, or discard it where that fails: the error has been reported by then."""
    try:
        sys.stdout.flush()
    except OSError:
        discard("stdout")
