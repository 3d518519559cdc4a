"""`streamstyle runs`: what is being painted on this machine, and how far it is."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from streamstyle.events import Failed
from streamstyle.formatting import format_duration, sanitise
from streamstyle.runs.folder import all_runs
from streamstyle.runs.status import RunStatus, active_runs, read_status
from streamstyle.terminal.options import GroupedCommand, debug_option, json_option, grouped_option

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
