"""`streamstyle measure`: how steady and how sharp a stylised film is, whatever it was made by."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.settings import FlowPreset, SourceSettings
from streamstyle.terminal.options import GroupedCommand, debug_option, json_option, under
from streamstyle.terminal.progress import Pace, ProgressLine, progress_text
from streamstyle.terminal.values import span
from streamstyle.terminal.watch import print_json

if TYPE_CHECKING:
    from streamstyle.evaluate.assessment import Assessed

_FILE = click.Path(path_type=Path)
_measuring = under("Measuring")
_JUDGE = "Optical flow of the source to judge along; best another than the film was made with.  [default: deepflow]"
_WORDS = {"warping_error": "warping error", "stability_error": "stability error"}
_EPILOG = """
Errors: lower is steadier. Beside the film stand its source and what would cheat: the film blurred, and the film frozen.
"""


@click.command(cls=GroupedCommand, epilog=_EPILOG, short_help="Measure a stylised film.")
@click.argument("stylised", type=_FILE)
@_measuring("--source", required=True, type=_FILE, metavar="MOVIE", help="The film it was made from.")
@_measuring("--range", "part", type=span, metavar="A-B", help="The part of the source that was painted.")
@_measuring("--judge", type=click.Choice([str(preset) for preset in FlowPreset]), default="deepflow", help=_JUDGE)
@json_option
@debug_option
def measure(
    stylised: Path, source: Path, part: tuple[float | None, float | None] | None, judge: str, as_json: bool
) -> int:
    """Measure how steady and how sharp STYLISED is, a film made of MOVIE by this or any other tool."""
    from streamstyle.evaluate.assessment import assess
    from streamstyle.stages.source import probe

    start, end = part or (None, None)
    wanted = SourceSettings(start=start, end=end)
    frames, speed, began = probe(source, wanted).frames, Pace(), time.monotonic()
    line = ProgressLine(sys.stderr)

    def watch(done: int) -> None:
        speed.mark(done, time.monotonic() - began)
        line.show(progress_text(line.bar(done / frames) if frames else "", done, frames, speed))

    try:
        assessed = assess(stylised, source, wanted, FlowPreset(judge), watch)
    finally:
        line.clear()
    if as_json:
        print_json(assessed)
    else:
        click.echo("\n".join(_in_words(assessed)))
    return 0


def _in_words(assessed: Assessed) -> list[str]:
    columns = list(assessed.measures)
    rows = [
        f"{Path(assessed.stylised).name}: {assessed.frames} frames, judged along {assessed.judge} flow of its source"
    ]
    rows.append(" " * 24 + "".join(f"{column:>12}" for column in columns))
    for name in assessed.measures["stylised"]:
        values = "".join(f"{assessed.measures[column][name]:>12.5f}" for column in columns)
        rows.append(f"{_name_in_words(name):<24}{values}")
    return rows


def _name_in_words(name: str) -> str:
    measure, _, gap = name.rpartition("_")
    return f"{_WORDS[measure]}, gap {gap}" if measure in _WORDS else name
