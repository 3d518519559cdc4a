"""What happens when a run has ended: the command of `--exec` on its output, and the signal of `--notify`."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from streamstyle.errors import EXIT_INTERRUPTED, CommandError
from streamstyle.formatting import sanitise

_OUTPUT, _MOVIE = "{}", "{movie}"
"""What stands for the paths in a command."""

_STDERR = 2

_NOTIFY_TIMEOUT = 5.0
"""Seconds after which a desktop that does not answer is given up."""


def fill_in(command: str, output: str, movie: str) -> str:
    """Return a shell command with quoted paths for `{}` and `{movie}`; without `{}` the output comes last."""
    command = command if _OUTPUT in command else f"{command} {_OUTPUT}"
    parts = command.split(_OUTPUT)  # a path may itself contain what stands for another
    return _quote(output).join(part.replace(_MOVIE, _quote(movie)) for part in parts)


def run_command(command: str, output: str, movie: str) -> None:
    """Run a shell command on a complete output. Raises CommandError if it fails.

    What it prints goes to standard error: standard output is for events.
    """
    line = fill_in(command, output, movie)
    code = subprocess.run(
        line, shell=True, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), check=False
    ).returncode
    if code in (-signal.SIGINT, 128 + signal.SIGINT):
        raise CommandError(f"the command of --exec was interrupted: {line}", f"{output} is complete.", EXIT_INTERRUPTED)
    if code:
        raise CommandError(f"the command of --exec failed with exit code {code}: {line}", f"{output} is complete.")


def _quote(path: str) -> str:
    if path.startswith("-"):
        path = os.path.join(os.curdir, path)  # noqa: PTH118  # a Path would drop the `./`
    return f'"{path}"' if os.name == "nt" else shlex.quote(path)


@contextmanager
def notify_at_end(subject: str, *, wanted: bool) -> Iterator[Callable[[int], int]]:
    """Yield a function that notifies of the end with this exit code, unless it was stopped, and returns the code.

    An error that ends the run is notified of, too.
    """

    def ended(code: int) -> int:
        if wanted and code != EXIT_INTERRUPTED:
            notify(f"{subject}: {'failed' if code else 'done'}")
        return code

    try:
        yield ended
    except Exception:
        ended(1)
        raise


def notify(text: str) -> None:
    """Ring the terminal's bell, and show a notification by the terminal (OSC 9) or the desktop, where there is one."""
    text = sanitise(text)
    if sys.stderr.isatty():
        has_osc = os.environ.get("TERM") not in ("linux", "dumb", None)
        with suppress(OSError):
            sys.stderr.write(f"\x1b]9;{text}\x07\a" if has_osc else "\a")
            sys.stderr.flush()
    if command := _desktop_command(text):
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_NOTIFY_TIMEOUT)


def _desktop_command(text: str) -> list[str]:
    """Return the command that shows a notification on this desktop; empty if there is none."""
    if any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) and shutil.which("notify-send"):
        return ["notify-send", "--app-name=streamstyle", "--", "streamstyle", text]
    if sys.platform == "darwin" and shutil.which("osascript"):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        return ["osascript", "-e", f'display notification "{quoted}" with title "streamstyle"']
    return []
