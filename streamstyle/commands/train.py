"""`streamstyle train`: the networks that the program itself ships."""

from __future__ import annotations

from pathlib import Path

import click

from streamstyle.commands.output import check_output
from streamstyle.terminal.interrupts import INTERRUPTED
from streamstyle.terminal.options import GroupedCommand, debug_option, json_option, under
from streamstyle.terminal.watch import watched

_FILE = click.Path(path_type=Path)
_training = under("Training")


@click.group(short_help="Train the networks that streamstyle ships.")
def train() -> None:
    """Train the networks that streamstyle ships."""


@train.command("loss-network", cls=GroupedCommand)
@_training("--vgg", type=_FILE, required=True, help="VGG-16 weights, .safetensors, with torchvision's names.")
@_training("--photos", type=_FILE, required=True, help="Folder of photos to train on.")
@_training("--output", "-o", type=_FILE, required=True, help="Weights file to write.")
@_training("--steps", type=click.IntRange(min=0), default=1200, show_default=True, help="Steps of fine-tuning.")
@_training("--yes", "-y", is_flag=True, help="Replace the output if it exists.")
@json_option
@debug_option
def loss_network(vgg: Path, photos: Path, output: Path, steps: int, yes: bool, as_json: bool) -> int:
    """Distil the slim loss network, a quarter of VGG-16's channels, from VGG-16."""
    check_output(output, None, replace_it=yes, may_ask=not as_json)
    from streamstyle.train.distil import distil_loss_network

    with watched(as_json, quiet=False) as (observe, stop):
        distil_loss_network(vgg, photos, output, steps, observe, stop)
    return INTERRUPTED if stop.is_set() else 0
