"""What a user can put right: each error has a name, a value and a next step."""

from __future__ import annotations

EXIT_INTERNAL = 70
"""Exit code of a fault of the program; those of a StreamstyleError stand with its class."""

EXIT_INTERRUPTED = 130
"""Exit code of a run that was stopped by a signal, as a shell has it: 128 + SIGINT."""


class StreamstyleError(Exception):
    """A problem that a user can put right.

    `problem` names the thing and the offending value; `next_step` says what to do about it.
    """

    exit_code = 1

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(f"{problem}. {next_step}")
        self.problem = problem
        self.next_step = next_step


class SettingsError(StreamstyleError):
    """A value that cannot work."""

    exit_code = 2


class FilmError(StreamstyleError):
    """The source cannot be opened, or is not what its name says."""

    exit_code = 3


class OutputError(StreamstyleError):
    """The result cannot be written where it should go."""

    exit_code = 4


class StyleError(StreamstyleError):
    """A style, a style image or a weights file cannot be used."""

    exit_code = 5


class DeviceError(StreamstyleError):
    """The device asked for is not there."""

    exit_code = 6
