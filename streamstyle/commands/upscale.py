"""`streamstyle upscale`: a film that is finished, larger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.commands.output import check_output
from streamstyle.commands.part import Span, opened_part
from streamstyle.commands.run import say_what_stays_behind
from streamstyle.events import Stopped
from streamstyle.settings import LARGEST_UPSCALE, Device, EnlargeSettings, SinkSettings, SourceSettings
from streamstyle.terminal.interrupts import INTERRUPTED
from streamstyle.terminal.options import (
    GroupedCommand,
    chosen,
    debug_option,
    device_option,
    json_option,
    quiet_option,
    settings_options,
    under,
)
from streamstyle.terminal.values import seconds, span
from streamstyle.terminal.watch import watched

if TYPE_CHECKING:
    from streamstyle.film import Film

_FILE = click.Path(path_type=Path)
_FACTOR = click.IntRange(2, LARGEST_UPSCALE)
_result = under("Enlarging")


@click.command(cls=GroupedCommand, short_help="Enlarge a film that is painted already.")
@click.argument("movie", type=_FILE)
@_result("--factor", type=_FACTOR, default=2, metavar="N", help="Times as wide and high.  [default: 2]")
@_result("--output", "-o", type=_FILE, help="Default: MOVIE.HEIGHTp.mkv beside it.")
@_result("--yes", "-y", is_flag=True, help="Replace the output if it exists.")
@_result("--restart", is_flag=True, help="Begin anew, where an earlier run was stopped and could be gone on with.")
@_result("--sample", type=seconds, metavar="TIME", help="Only so much from the film's middle, such as 10s.")
@_result("--range", "part", type=span, metavar="A-B", help="Only this part, in seconds or [HH:]MM:SS.")
@device_option("Enlarging")
@settings_options(SinkSettings, "Encoding")
@quiet_option
@json_option
@debug_option
def upscale(
    movie: Path,
    factor: int,
    output: Path | None,
    yes: bool,
    restart: bool,
    sample: float | None,
    part: Span | None,
    device: str,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> int:
    """Enlarge MOVIE, a painting that moves, by a network made for strokes; sound, subtitles and chapters go along.

    Stopped, or killed, it goes on where it was with the same command.
    """
    settings, encoding = EnlargeSettings(factor), chosen(SinkSettings, values)
    film, _ = opened_part(movie, SourceSettings(), sample, part)
    output = output or default_output(film, factor)
    check_output(output, movie, replace_it=yes, may_ask=not as_json)
    from streamstyle.pipeline import upscale_video

    to_go_on = "the same command" + (" without --restart" if restart else "")
    with watched(as_json, quiet, to_go_on) as (observe, stop):
        say_what_stays_behind(film, output, observe)
        ended = upscale_video(film, output, settings, encoding, Device(device), observe, stop, restart)
    return INTERRUPTED if isinstance(ended, Stopped) else 0


def default_output(film: Film, factor: int) -> Path:
    """Return `MOVIE.HEIGHTp.mkv` beside the film."""
    return film.path.with_name(f"{film.path.stem}.{factor * film.height}p.mkv")
