"""`streamstyle learn`: a new style from a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from streamstyle.commands.output import check_output
from streamstyle.errors import StyleError
from streamstyle.library import find_style, keep_path, known_style
from streamstyle.settings import Device
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
from streamstyle.terminal.watch import watched
from streamstyle.train_settings import LearnSettings

_style = under("Style")
_START = "A style to start from, `any-style` for a first guess from the image, or `noise`."


@click.command(cls=GroupedCommand, short_help="Learn a new style from a picture.")
@click.argument("image", type=click.Path(path_type=Path))
@_style("--name", metavar="NAME", help="Name of the style; by default the picture's.")
@_style("--output", "-o", type=click.Path(path_type=Path), help="Weights file, in place of the library.")
@_style("--start", metavar="STYLE", default="any-style", show_default=True, help=_START)
@_style("--yes", "-y", is_flag=True, help="Learn it anew if it is known, or replace the output.")
@settings_options(LearnSettings, "Learning")
@device_option("Learning")
@quiet_option
@json_option
@debug_option
def learn(
    image: Path,
    name: str | None,
    output: Path | None,
    start: str,
    yes: bool,
    device: str,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> int:
    """Learn the style of IMAGE, any picture, and keep it in the library under its name."""
    settings = chosen(LearnSettings, values)
    from streamstyle.train.style import Ground, train_style

    begin = Ground(start) if start in set(Ground) else known_style(start).path
    weights = output or _place_in_library(image, name, anew=yes)
    if output is not None:
        check_output(output, None, replace_it=yes, may_ask=not as_json)
    with watched(as_json, quiet) as (observe, stop):
        learned = train_style(image, weights, settings, Device(device), observe, stop, begin)
    return 0 if learned else INTERRUPTED


def _place_in_library(image: Path, name: str | None, *, anew: bool) -> Path:
    path = keep_path(image, name)
    known = find_style(str(image))
    if known is None or known.builtin:
        return path
    if not anew:
        raise StyleError(f"{image} is known already, as the style {known.name}", "Use it, or give -y to learn it anew.")
    return known.path
