"""Where a result goes, and whether it may go there: asked before any work is done."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from streamstyle.errors import OutputError


def default_output(movie: Path, style: str) -> Path:
    """Return `MOVIE.STYLE.mkv` beside the film."""
    return movie.with_name(f"{movie.stem}.{style}.mkv")


def check_output(output: Path, movie: Path | None, *, replace: bool, can_ask: bool) -> None:
    """Raise OutputError where the output cannot be written; ask before replacing a file, if there is someone to ask.

    `movie` is the film that the output is made from, if it is made from one.
    """
    if movie is not None:
        from streamstyle.media.output import check_output

        check_output(output, movie)
    folder = output.parent
    if not folder.is_dir():
        raise OutputError(f"there is no folder {folder}", "Make it, or give another output with -o.")
    if output.is_dir():
        raise OutputError(f"{output} is a folder", "Give a file's name with -o.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"the folder {folder} cannot be written to", "Give another output with -o.")
    if output.exists() and not (replace or (can_ask and _confirm_replacing(output))):
        raise OutputError(f"{output} exists already", "Give -y to replace it, or another output with -o.")


def _confirm_replacing(output: Path) -> bool:
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    return asked and click.confirm(f"{output} exists already. Replace it?", err=True)
