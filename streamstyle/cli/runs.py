"""`streamstyle runs` and `streamstyle stop`: the runs on this machine."""

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

from streamstyle.cli.console import resume_text, stopped_text
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
from streamstyle.runs.folder import RunFolder, list_runs
from streamstyle.runs.status import RunStatus, active_runs, find_run, read_status, single_active_run

SCHEMA = "streamstyle.runs/1"

_COLUMNS = ("run", "state", "since", "frames", "left", "film")
_RIGHT_ALIGNED = frozenset({"frames", "left"})

_POLL_SECONDS = 0.2
"""Seconds between two checks whether a run that is stopping has ended."""

_RUNS_EPILOG = """
`streamstyle tui --attach RUN` shows a run, and `streamstyle stop RUN` stops it, wherever it was started.
"""

_STOP_EPILOG = """
RUN is the number that `streamstyle runs` prints, or the name of the film. It can be left out if only one run is active.
The output so far is a playable film under its partial name. Ctrl-C ends the waiting; the run stops nevertheless.
"""


@click.command(cls=GroupedCommand, epilog=_RUNS_EPILOG, short_help="List active runs.")
@grouped_option("Runs")("--all", "include_ended", is_flag=True, help="List ended runs, too: the last twenty.")
@json_option
@debug_option
def runs(include_ended: bool, as_json: bool) -> None:
    """List active runs with their progress and the time left."""
    found = [read_status(folder) for folder in list_runs()] if include_ended else active_runs()
    if as_json:
        for run in found:
            click.echo(json.dumps(_to_json(run)))
    elif found:
        _print_table([_COLUMNS, *(_table_row(run) for run in found)])
    else:
        click.echo("no runs" if include_ended else "no run is active; --all lists ended runs")


@click.command(cls=GroupedCommand, epilog=_STOP_EPILOG, short_help="Stop a run and keep its output so far.")
@click.argument("run", required=False, metavar="[RUN]", shell_complete=complete_run)
@quiet_option
@debug_option
def stop(run: str | None, quiet: bool) -> None:
    """Stop RUN after the current frame, close its output, and wait until it has ended."""
    folder = find_run(run) if run else single_active_run()
    status = read_status(folder)
    if not status.alive:
        raise SettingsError(f"run {status.name} has ended: {status.state}", "See `streamstyle runs`.")
    _request_stop(folder)
    _print(f"{Path(status.video).name or f'run {status.name}'} stops after the current frame", quiet)
    try:
        while read_status(folder).alive:
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        _print("not waiting any longer; the run stops nevertheless", quiet)
    else:
        _print(_end_text(read_status(folder)), quiet)


def _to_json(run: RunStatus) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run": run.name,
        "folder": str(run.folder.path),
        "state": run.state,
        "start_time": run.start_time,
        "frame": run.run_state.frames_done,
        "frames": run.run_state.frames,
        "seconds_left": run.seconds_left,
        "video": run.video,
        "output": run.output,
    }


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; the last column, which may be long, is not padded."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    for row in rows:
        cells = [
            f"{cell:>{width}}" if heading in _RIGHT_ALIGNED else f"{cell:<{width}}"
            for heading, cell, width in zip(_COLUMNS, row, widths, strict=False)
        ]
        click.echo(sanitise("  ".join([*cells, row[-1]]).rstrip()))


def _table_row(run: RunStatus) -> tuple[str, ...]:
    total = f"/{run.run_state.frames}" if run.run_state.frames else ""
    return (
        run.name,
        run.state,
        _format_start_time(run.start_time),
        f"{run.run_state.frames_done}{total}",
        "" if run.seconds_left is None else format_duration(run.seconds_left),
        _video_and_output(run),
    )


def _format_start_time(start_time: float) -> str:
    """Return the time of day, with the date unless it is today."""
    start, now = time.localtime(start_time), time.localtime()
    return time.strftime("%H:%M" if start[:3] == now[:3] else "%d %b %H:%M", start)


def _video_and_output(run: RunStatus) -> str:
    """Return the names of input and output, or the problem of a failed run."""
    if isinstance(run.run_state.end, Failed):
        return run.run_state.end.problem
    return f"{Path(run.video).name} → {Path(run.output).name}" if run.output else ""


def _request_stop(folder: RunFolder) -> None:
    """Order the run to stop: in its folder, or by a signal, as Ctrl-C sends it, if the folder cannot be written."""
    try:
        folder.write_control(replace(folder.read_control(), stop=True))
    except OSError:
        if (process := folder.process()) is None:
            return
        try:
            os.kill(process.pid, signal.SIGINT)
        except ProcessLookupError:
            return  # it has just ended
        except PermissionError as error:
            raise SettingsError(f"run {folder.name()} belongs to another user", "Stop it as that user.") from error


def _print(text: str, quiet: bool) -> None:
    if not quiet:
        click.echo(sanitise(text))


def _end_text(run: RunStatus) -> str:
    match run.run_state.end:
        case Stopped() as event:
            return "; ".join(filter(None, (stopped_text(event, run.run_state.frames), resume_text(event))))
        case Finished(output=output):
            return f"finished before it was stopped: {output}"
        case Failed(problem=problem):
            return f"failed: {problem}"
    return "the process ended without closing its output"
