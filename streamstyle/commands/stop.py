"""`streamstyle stop`: end a run well, from any terminal."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import click

from streamstyle.commands.completion import complete_run
from streamstyle.errors import SettingsError
from streamstyle.events import Failed, Finished, Stopped
from streamstyle.formatting import sanitise
from streamstyle.runs.folder import RunFolder
from streamstyle.runs.status import RunStatus, find_run, read_status, single_active_run
from streamstyle.terminal.options import GroupedCommand, debug_option, quiet_option

_POLL_SECONDS = 0.2
"""Seconds between two looks whether it has ended."""

_STOP_EPILOG = """
RUN is what `streamstyle runs` calls it: a number, or the name of its film. It is not needed where only one run goes on.
The film so far plays, from its partial name. Ctrl-C here waits no longer, and the run stops all the same.
"""


@click.command(cls=GroupedCommand, epilog=_STOP_EPILOG, short_help="End a run well, from any terminal.")
@click.argument("run", required=False, metavar="[RUN]", shell_complete=complete_run)
@quiet_option
@debug_option
def stop(run: str | None, quiet: bool) -> None:
    """Let RUN finish the frame at hand and close the film, and wait for it."""
    folder = find_run(run) if run else single_active_run()
    before = read_status(folder)
    if not before.alive:
        raise SettingsError(f"run {before.run} has ended: {before.state}", "See `streamstyle runs`.")
    _request_stop(folder)
    tell = _print_nothing if quiet else _print
    tell(f"{_run_name(before)} stops after the frame at hand")
    try:
        while folder.is_alive():
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        tell("it stops all the same")
    else:
        tell(_describe_end(read_status(folder)))


def _request_stop(folder: RunFolder) -> None:
    """Order the run to stop; by a signal, as Ctrl-C in its terminal, where its folder is on a disk that is full."""
    try:
        folder.write_control(replace(folder.read_control(), stop=True))
    except OSError:
        if (life := folder.process()) is not None:
            os.kill(life.pid, signal.SIGINT)


def _print(words: str) -> None:
    click.echo(sanitise(words))


def _print_nothing(words: str) -> None:
    """Tell nobody."""


def _run_name(run: RunStatus) -> str:
    return Path(run.video).name or f"run {run.run}"


def _describe_end(run: RunStatus) -> str:
    match run.run_state.end:
        case Stopped(frames=0):
            return "stopped before the first frame; nothing was written"
        case Stopped(output=output, frames=frames, resumable_frames=kept):
            of = f" of {run.run_state.frames}" if run.run_state.frames else ""
            again = f"; the same command goes on after frame {kept}" if kept else ""
            return f"stopped after {frames}{of} frames; they play from {output}{again}"
        case Finished(output=output):
            return f"it was done already: {output}"
        case Failed(problem=problem):
            return f"it failed: {problem}"
    return "it died before it could close the film"
