"""`streamstyle runs`: what is being painted on this machine, and how far it is."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from streamstyle.cli.options import (
    GroupedCommand,
    complete_run,
    debug_option,
    grouped_option,
    json_option,
    quiet_option,
)
from streamstyle.errors import SettingsError
from streamstyle.events import Failed, Finished, Stopped
from streamstyle.formatting import format_duration, sanitise
from streamstyle.runs.folder import RunFolder, all_runs
from streamstyle.runs.status import RunStatus, active_runs, find_run, read_status, single_active_run

SCHEMA = "streamstyle.runs/1"
_COLUMNS = ("run", "state", "since", "frames", "left", "film")
_EPILOG = """
`streamstyle tui --attach RUN` looks at one, wherever it was started; `streamstyle stop RUN` ends it well.
"""


@click.command(cls=GroupedCommand, epilog=_EPILOG, short_help="List the runs that go on.")
@grouped_option("Runs")("--all", "all_of_them", is_flag=True, help="Those that have ended, too: the twenty latest.")
@json_option
@debug_option
def runs(all_of_them: bool, as_json: bool) -> None:
    """List the runs that go on: how far they are, and how long they will still take."""
    found = [read_status(folder) for folder in all_runs()] if all_of_them else active_runs()
    if as_json:
        for run in found:
            click.echo(json.dumps(_to_json(run)))
    elif found:
        _print_table([_COLUMNS, *(_table_row(run) for run in found)])
    else:
        click.echo("there has been no run" if all_of_them else "no run goes on; --all lists those that did")


def _to_json(run: RunStatus) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run": run.run,
        "folder": str(run.folder.path),
        "state": run.state,
        "start_time": run.start_time,
        "frame": run.run_state.frames_done,
        "frames": run.run_state.frames,
        "seconds_left": run.seconds_left,
        "video": run.video,
        "output": run.output,
    }


def _table_row(run: RunStatus) -> tuple[str, ...]:
    of = f"/{run.run_state.frames}" if run.run_state.frames else ""
    left = "" if run.seconds_left is None else format_duration(run.seconds_left)
    return (
        run.run,
        run.state,
        _format_start_time(run.start_time),
        f"{run.run_state.frames_done}{of}",
        left,
        _video_and_output(run),
    )


def _video_and_output(run: RunStatus) -> str:
    """Return what is painted into what, or why it could not be."""
    if isinstance(run.run_state.end, Failed):
        return run.run_state.end.problem
    return f"{Path(run.video).name} → {Path(run.output).name}" if run.output else ""


def _format_start_time(start_time: float) -> str:
    """Return the time of day, and the date where it was not today."""
    then, now = time.localtime(start_time), time.localtime()
    return time.strftime("%H:%M" if then[:3] == now[:3] else "%d %b %H:%M", then)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as they need be; numbers, which are short of words, at their right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    for row in rows:
        cells = [
            f"{cell:>{width}}" if head in ("frames", "left") else f"{cell:<{width}}"
            for head, cell, width in zip(_COLUMNS, row, widths, strict=False)
        ]
        click.echo(sanitise("  ".join([*cells, row[-1]]).rstrip()))


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
