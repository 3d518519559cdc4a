"""`streamstyle train`: the networks that ship with streamstyle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from streamstyle.cli.console import report_to
from streamstyle.cli.media_args import confirm_output
from streamstyle.cli.options import (
    DeclaredOrderGroup,
    GroupedCommand,
    debug_option,
    device_option,
    grouped_option,
    json_option,
    output_options,
    settings_options,
)
from streamstyle.errors import EXIT_INTERRUPTED
from streamstyle.models.metadata import NetworkShape
from streamstyle.option_values import settings_from
from streamstyle.settings import Device
from streamstyle.styles.library import builtin_styles, get_style, style_predictor_path
from streamstyle.train.settings import (
    LossNetworkTrainingSettings,
    StylePredictorTrainingSettings,
    UpscalerTrainingSettings,
)

_training_output = output_options("Training", "Weights file to write.", required=True)


@click.group(cls=DeclaredOrderGroup, short_help="Train the networks that streamstyle ships.")
def train() -> None:
    """Train the networks that streamstyle ships."""


@train.command("loss-network", cls=GroupedCommand)
@_training_output
@settings_options(LossNetworkTrainingSettings, "Training")
@json_option
@debug_option
def loss_network(output: Path, yes: bool, as_json: bool, **values: Any) -> int:
    """Distil a loss network from VGG-16. The same command resumes it."""
    settings = settings_from(LossNetworkTrainingSettings, values)
    confirm_output(output, [], replace=yes, can_ask=not as_json, is_film=False)
    from streamstyle.train.loss_network import distil_loss_network

    with report_to(as_json, quiet=False) as (observe, stop):
        distil_loss_network(output, settings, observe, stop)
    return EXIT_INTERRUPTED if stop.is_set() else 0


@train.command("style-predictor", cls=GroupedCommand)
@_training_output
@grouped_option("Training")(
    "--start",
    metavar="STYLE",
    help="Style or style predictor to start from; `style-predictor`: the built-in one of --shape. "
    "Default: random weights.",
)
@settings_options(StylePredictorTrainingSettings, "Training")
@device_option("Training")
@json_option
@debug_option
def style_predictor(output: Path, start: str | None, yes: bool, device: str, as_json: bool, **values: Any) -> int:
    """Train the network that predicts a style from any image. The same command resumes it."""
    settings = settings_from(StylePredictorTrainingSettings, values)
    start_from = _start_path(start, settings.shape) if start else None
    confirm_output(output, [], replace=yes, can_ask=not as_json, is_film=False)
    from streamstyle.train.style_predictor import train_style_predictor

    with report_to(as_json, quiet=False) as (observe, stop):
        train_style_predictor(output, settings, Device(device), observe, stop, start_from)
    return EXIT_INTERRUPTED if stop.is_set() else 0


def _start_path(start: str, shape: NetworkShape) -> Path:
    """Return the weights file of a style, of the built-in style predictor of a shape or of another one."""
    if start == "style-predictor":
        return style_predictor_path(shape)
    path = Path(start)
    return path if path.suffix == ".safetensors" and path.is_file() else get_style(start).path


@train.command("upscaler", cls=GroupedCommand)
@_training_output
@settings_options(UpscalerTrainingSettings, "Training")
@device_option("Training")
@json_option
@debug_option
def upscaler(output: Path, yes: bool, device: str, as_json: bool, **values: Any) -> int:
    """Train the network that upscales stylised frames. The same command resumes it."""
    settings = settings_from(UpscalerTrainingSettings, values)
    confirm_output(output, [], replace=yes, can_ask=not as_json, is_film=False)
    from streamstyle.train.upscaler import train_upscaler

    styles = [style.path for style in builtin_styles()]
    with report_to(as_json, quiet=False) as (observe, stop):
        train_upscaler(output, styles, settings, Device(device), observe, stop)
    return EXIT_INTERRUPTED if stop.is_set() else 0
