"""Errors that a user can correct: each names a thing, its value and a next step. And the exit codes."""

from __future__ import annotations

EXIT_INTERNAL = 70
"""Exit code of an internal error; each StreamstyleError has its own."""

EXIT_INTERRUPTED = 130
"""Exit code of a run that was stopped by a signal: 128 + SIGINT, as in a shell."""


class StreamstyleError(Exception):
    """A problem that a user can correct.

    `problem` names the thing and the offending value; `next_step` says what to do.
    """

    exit_code = 1

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(f"{problem}. {next_step}")
        self.problem = problem
        self.next_step = next_step


class SettingsError(StreamstyleError):
    """A setting has an invalid value."""

    exit_code = 2


class VideoError(StreamstyleError):
    """The source cannot be opened, or is no video."""

    exit_code = 3


class OutputError(StreamstyleError):
    """The output cannot be written."""

    exit_code = 4


class StyleError(StreamstyleError):
    """A style, a style image or a weights file cannot be used."""

    exit_code = 5


class DeviceError(StreamstyleError):
    """The device is not available, or has failed."""

    exit_code = 6
