"""The arguments of `streamstyle run`, declared once: the command, the TUI and the preview server parse them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from streamstyle.cli.media_args import Bounds, default_output
from streamstyle.cli.options import (
    FILE,
    Decorated,
    GroupedCommand,
    complete_style,
    console_options,
    grouped_option,
    output_options,
    settings_options,
    time_range_options,
)
from streamstyle.errors import SettingsError
from streamstyle.option_values import settings_from
from streamstyle.settings import (
    ConsistencySettings,
    Device,
    EncoderSettings,
    FlowSettings,
    RuderSettings,
    Settings,
    SourceSettings,
    StyleSettings,
    UpscaleSettings,
)
from streamstyle.styles.spec import StyleBlend, parse_style

_STYLE_HELP = (
    "A style's name (see `streamstyle styles`), any image, a .safetensors file, or a blend: wave:0.6,my.jpg:0.4"
)
_output_option = grouped_option("Console output")

_OPTIONS = (
    click.argument("movie", type=FILE),
    grouped_option("Style and output")(
        "--style", required=True, metavar="STYLE", help=_STYLE_HELP, shell_complete=complete_style
    ),
    output_options("Style and output", "Default: MOVIE.STYLE.mkv beside the film.", restart=True),
    time_range_options("Film"),
    settings_options(SourceSettings, "Film"),
    settings_options(StyleSettings, "Style and output"),
    settings_options(UpscaleSettings, "Style and output"),
    settings_options(ConsistencySettings, "Method"),
    settings_options(RuderSettings, "Method ruder"),
    settings_options(Settings, "Method"),
    settings_options(FlowSettings, "Optical flow"),
    settings_options(EncoderSettings, "Encoding"),
    _output_option("--dry-run", is_flag=True, help="Estimate time and disk space; write nothing."),
    _output_option("--run-folder", type=FILE, help="Folder for `streamstyle tui --attach` to read from."),
    console_options,
)


def run_options(command: Decorated) -> Decorated:
    """Decorate a command with the argument and the options of `streamstyle run`."""
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


@dataclass(frozen=True, slots=True)
class RunArguments:
    """What the arguments of a run say before its film has been opened."""

    movie: Path
    output: Path
    mix: StyleBlend
    settings: Settings
    sample: float | None
    """Seconds from the film's middle; None for the range in the settings."""
    restart: bool = False
    """Whether the run starts from the first frame even if an earlier one can be resumed."""


def parse_run_arguments(arguments: Sequence[str]) -> RunArguments:
    """Parse the arguments of `streamstyle run`; raises the StreamstyleError that the run would end with."""
    try:
        values = _parser.make_context("run", list(arguments), help_option_names=["-h", "--help"]).params
    except click.ClickException as error:
        raise SettingsError(error.format_message().rstrip("."), "See `streamstyle run --help`.") from error
    if values["sample"] is not None and values["part"] is not None:
        raise SettingsError("--sample and --range cannot be given together", "Give one of them.")
    mix = parse_style(values["style"])
    return RunArguments(
        movie=values["movie"],
        output=values["output"] or default_output(values["movie"], mix.name),
        mix=mix,
        settings=settings_from_options(values, values["part"] or (None, None)),
        sample=values["sample"],
        restart=values["restart"],
    )


@click.command(cls=GroupedCommand)
@run_options
def _parser(**_: Any) -> None:
    """Does nothing: only its parser is used."""


def settings_from_options(values: Mapping[str, Any], part: Bounds) -> Settings:
    """Return the settings from the values of a run's options; raises SettingsError where one is out of range."""
    return Settings(
        source=settings_from(SourceSettings, values, start=part[0], end=part[1]),
        flow=settings_from(FlowSettings, values),
        consistency=settings_from(ConsistencySettings, values),
        ruder=settings_from(RuderSettings, values),
        style=settings_from(StyleSettings, values),
        upscale=settings_from(UpscaleSettings, values),
        encoder=settings_from(EncoderSettings, values),
        device=Device(values["device"]),
    )
