"""`streamstyle run --dry-run`: what would be done, in words."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.commands.style import Wanted
from streamstyle.errors import StyleError
from streamstyle.film import Film
from streamstyle.library import Style, builtin_styles
from streamstyle.media.output import refuse_output
from streamstyle.settings import LearnSettings, Settings
from streamstyle.terminal.progress import ProgressLine
from streamstyle.terminal.values import bytes_in_words, clock, pace
from streamstyle.terminal.watch import print_json

if TYPE_CHECKING:
    from streamstyle.estimate import Planned
    from streamstyle.media.carry import Carried


def dry_run(film: Film, output: Path, wanted: Wanted, settings: Settings, as_json: bool) -> int:
    """Say what a run would do; write nothing."""
    from streamstyle.estimate import plan

    refuse_output(output, film.path)
    line = ProgressLine(sys.stderr)
    of = f"/{film.frames}" if film.frames else ""
    try:
        planned = plan(film, output, _style_to_try(wanted), settings, lambda n: line.show(f"looking at frame {n}{of}"))
    finally:
        line.clear()
    planned = replace(planned, style=wanted.name, learned_first=wanted.known is None)
    if as_json:
        print_json(planned)
    else:
        click.echo("\n".join(_in_words(planned, wanted, output)))
    return 0


def _style_to_try(wanted: Wanted) -> Style:
    """Return the style itself, or for one still to be learned another: it takes as long."""
    if wanted.known is not None:
        return wanted.known
    others = builtin_styles()
    if not others:
        raise StyleError("there is no built-in style to try the speed with", "Install streamstyle anew.")
    return others[0]


def _in_words(planned: Planned, wanted: Wanted, output: Path) -> list[str]:
    length = f", {clock(planned.duration)}" if planned.duration is not None else ""
    cuts = f", cuts at {', '.join(clock(cut) for cut in planned.cuts)}" if planned.cuts else ""
    free = shutil.disk_usage(output.parent).free
    rows = [
        ("film", planned.film),
        ("output", planned.output + (" (exists already; -y replaces it)" if output.exists() else "")),
        ("size", f"{planned.source_width}x{planned.source_height} → {planned.width}x{planned.height}"),
        ("frames", f"{planned.frames}{length}"),
        ("shots", f"{len(planned.cuts) + 1}{cuts}"),
        ("style", f"{planned.style}, method {planned.method}"),
        *(_stream_in_words(carried) for carried in planned.streams),
        (
            "time",
            f"about {clock(planned.seconds)}, at {pace(1, planned.seconds_per_frame)}, tried on frames from its middle",
        ),
        ("disk", f"about {bytes_in_words(planned.bytes)}, {bytes_in_words(free)} free"),
    ]
    if wanted.known is None:
        rows.append(("first", f"{wanted.image} is learned, {LearnSettings().steps} steps; then kept"))
    return [f"{name:<11}{text}" for name, text in rows]


def _stream_in_words(carried: Carried) -> tuple[str, str]:
    stream = carried.stream
    about = " ".join(part for part in (stream.codec, stream.language, stream.title) if part and part != "und")
    return stream.kind, f"#{stream.index} {about}: {carried.way}" + (f", {carried.why}" if carried.why else "")
