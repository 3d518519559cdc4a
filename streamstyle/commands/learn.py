"""`streamstyle learn`: a new style from an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from streamstyle.commands.output import check_output
from streamstyle.errors import StyleError
from streamstyle.library import find_style, new_style_path, get_style
from streamstyle.settings import Device
from streamstyle.terminal.interrupts import EXIT_INTERRUPTED
from streamstyle.terminal.options import (
    FILE,
    GroupedCommand,
    settings_from,
    console_options,
    device_option,
    output_options,
    settings_options,
    grouped_option,
)
from streamstyle.terminal.watch import report_to
from streamstyle.train_settings import StyleTrainingSettings

_style_option = grouped_option("Style")
_START_HELP = "A style to start from, `any-style` for a first guess from the image, or `noise`."


@click.command(cls=GroupedCommand, short_help="Train a style from an image.")
@click.argument("image", type=FILE)
@_style_option("--name", metavar="NAME", help="Name of the style; default: the image's.")
@_style_option("--start", metavar="STYLE", default="any-style", show_default=True, help=_START_HELP)
@output_options("Style", "Weights file to write instead of a style in the library.")
@settings_options(StyleTrainingSettings, "Training")
@device_option("Training")
@console_options
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
    """Train a network for the style of IMAGE and add it to the library; --yes trains a known style again."""
    settings = settings_from(StyleTrainingSettings, values)
    from streamstyle.train.style import StartFrom, train_style

    begin = StartFrom(start) if start in set(StartFrom) else get_style(start).path
    weights = output or _library_path(image, name, train_again=yes)
    if output is not None:
        check_output(output, None, replace=yes, can_ask=not as_json)
    with report_to(as_json, quiet) as (observe, stop):
        learned = train_style(image, weights, settings, Device(device), observe, stop, begin)
    return 0 if learned else EXIT_INTERRUPTED


def _library_path(image: Path, name: str | None, *, train_again: bool) -> Path:
    path = new_style_path(image, name)
    known = find_style(str(image))
    if known is None or known.builtin:
        return path
    if not train_again:
        raise StyleError(
            f"{image} is known already, as the style {known.name}", "Use it, or give -y to train it again."
        )
    return known.path
