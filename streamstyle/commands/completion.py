"""Shell completion of option values."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from streamstyle.library import all_styles
from streamstyle.runs.status import active_runs


def complete_style(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the styles whose names start with `incomplete`; if none does, complete a file name."""
    names = [style.name for style in all_styles() if style.name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_run(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the runs that go on, by their numbers."""
    return [
        CompletionItem(run.run, help=f"{run.state} {Path(run.video).name}")
        for run in active_runs()
        if run.run.startswith(incomplete)
    ]
