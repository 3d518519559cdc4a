"""`streamstyle train`: the networks that the program itself ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from streamstyle.commands.output import check_output
from streamstyle.library import ANY_STYLE, builtin_styles, known_style
from streamstyle.settings import Device
from streamstyle.terminal.interrupts import INTERRUPTED
from streamstyle.terminal.options import (
    GroupedCommand,
    chosen,
    debug_option,
    device_option,
    json_option,
    settings_options,
    under,
)
from streamstyle.terminal.watch import watched
from streamstyle.train_settings import AnyStyleSettings, DistilSettings, UpscalerSettings

_FILE = click.Path(path_type=Path)
_training = under("Training")


@click.group(short_help="Train the networks that streamstyle ships.")
def train() -> None:
    """Train the networks that streamstyle ships."""


@train.command("loss-network", cls=GroupedCommand)
@_training("--output", "-o", type=_FILE, required=True, help="Weights file to write.")
@_training("--yes", "-y", is_flag=True, help="Replace the output if it exists.")
@settings_options(DistilSettings, "Training")
@json_option
@debug_option
def loss_network(output: Path, yes: bool, as_json: bool, **values: Any) -> int:
    """Distil a loss network from VGG-16. Stopped, it goes on the next time."""
    settings = chosen(DistilSettings, values)
    check_output(output, None, replace_it=yes, may_ask=not as_json)
    from streamstyle.train.distil import distil_loss_network

    with watched(as_json, quiet=False) as (observe, stop):
        distil_loss_network(output, settings, observe, stop)
    return INTERRUPTED if stop.is_set() else 0


@train.command("any-style", cls=GroupedCommand)
@_training("--output", "-o", type=_FILE, required=True, help="Weights file to write.")
@_training(
    "--start", metavar="STYLE", help="A style to start from, or `any-style`, the network there is; noise without."
)
@_training("--yes", "-y", is_flag=True, help="Replace the output if it exists.")
@settings_options(AnyStyleSettings, "Training")
@device_option("Training")
@json_option
@debug_option
def any_style(output: Path, start: str | None, yes: bool, device: str, as_json: bool, **values: Any) -> int:
    """Train the network that paints in the manner of any image. Stopped, it goes on the next time."""
    settings = chosen(AnyStyleSettings, values)
    begin = ANY_STYLE if start == "any-style" else known_style(start).path if start else None
    check_output(output, None, replace_it=yes, may_ask=not as_json)
    from streamstyle.train.any_style import train_any_style

    with watched(as_json, quiet=False) as (observe, stop):
        train_any_style(output, settings, Device(device), observe, stop, begin)
    return INTERRUPTED if stop.is_set() else 0


@train.command("upscaler", cls=GroupedCommand)
@_training("--output", "-o", type=_FILE, required=True, help="Weights file to write.")
@_training("--yes", "-y", is_flag=True, help="Replace the output if it exists.")
@settings_options(UpscalerSettings, "Training")
@device_option("Training")
@json_option
@debug_option
def upscaler(output: Path, yes: bool, device: str, as_json: bool, **values: Any) -> int:
    """Train the network that enlarges painted frames. Stopped, it goes on the next time."""
    settings = chosen(UpscalerSettings, values)
    check_output(output, None, replace_it=yes, may_ask=not as_json)
    from streamstyle.train.upscaler import train_upscaler

    styles = [style.path for style in builtin_styles()]
    with watched(as_json, quiet=False) as (observe, stop):
        train_upscaler(output, styles, settings, Device(device), observe, stop)
    return INTERRUPTED if stop.is_set() else 0
