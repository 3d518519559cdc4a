"""Errors that a user can correct: each names a thing, its value and a next step. And the exit codes."""

from __future__ import annotations

import re

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

    def __reduce__(self) -> tuple[type[StreamstyleError], tuple[str, str]]:
        """Pickle it so that a worker of a cluster can raise it in the process that asked for its work."""
        return type(self), (self.problem, self.next_step)


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


class CommandError(StreamstyleError):
    """A command of the user's that was run on the output has failed."""

    exit_code = 7

    def __init__(self, problem: str, next_step: str, exit_code: int = exit_code) -> None:
        super().__init__(problem, next_step)
        self.exit_code = exit_code


_OUT_OF_MEMORY = re.compile(
    r"can't allocate memory|Cannot allocate memory|Insufficient memory|bad_alloc|failed to map segment"
    r"|can't start new thread|could not create a primitive$"
)
"""How torch, the system, OpenCV, C++, the loader of libraries, Python and oneDNN say that memory ran out."""


def lacks_host_memory(error: BaseException) -> bool:
    """Return whether an error is due to lack of memory, that of a GPU excepted."""
    if isinstance(error, StreamstyleError):
        return False
    return isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error)) is not None


def host_memory_error(option: str = "--size") -> DeviceError:
    """Return the error for lack of memory; the option named in it makes everything smaller."""
    return DeviceError("not enough memory", f"Close other programs, or use a smaller {option}.")
