"""What a shell offers when tab is pressed after an option whose values are known here."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from streamstyle.library import all_styles
from streamstyle.runs.status import active_runs


def styles(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the styles whose names begin so; where none does it is a file's name."""
    names = [style.name for style in all_styles() if style.name.startswith(begun)]
    return [CompletionItem(name) for name in names] or [CompletionItem(begun, type="file")]


def runs(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the runs that go on, by their numbers."""
    return [
        CompletionItem(run.run, help=f"{run.state} {Path(run.video).name}")
        for run in active_runs()
        if run.run.startswith(begun)
    ]
