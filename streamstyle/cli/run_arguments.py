"""The arguments of `streamstyle run`, declared once: the command, the TUI and the preview server parse them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.media_args import TimeRange, default_output, require_one_range
from streamstyle.cli.options import (
    FILE,
    HELP_NAMES,
    Decorated,
    combine,
    console_options,
    grouped_option,
    output_options,
    settings_options,
    style_option,
    time_range_options,
)
from streamstyle.cli.purposes import purpose_option, quality_option, suffix_for
from streamstyle.errors import SettingsError
from streamstyle.option_values import parse_seconds, settings_from
from streamstyle.settings import (
    ClusterSettings,
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

_run_option = grouped_option("Run")

_OPTIONS = (
    click.argument("movie", type=FILE),
    quality_option,
    style_option("Style", required=True),
    settings_options(StyleSettings, "Style"),
    grouped_option("Style")(
        "--adapt",
        type=parse_seconds,
        metavar="TIME",
        help="Before the run, train the style for so long on frames of this film, such as 5m; kept for the next run.",
    ),
    time_range_options("Input"),
    settings_options(SourceSettings, "Input"),
    output_options(
        "Output", "Output file; its suffix selects the container. Default: MOVIE.STYLE.mkv beside MOVIE.", restart=True
    ),
    purpose_option,
    settings_options(UpscaleSettings, "Output"),
    settings_options(EncoderSettings, "Output"),
    settings_options(ConsistencySettings, "Method"),
    settings_options(RuderSettings, "Method ruder"),
    settings_options(FlowSettings, "Optical flow"),
    settings_options(ClusterSettings, "Cluster"),
    settings_options(Settings, "Run"),
    _run_option(
        "--dry-run", is_flag=True, help="Estimate time and disk space from a few frames and exit; write nothing."
    ),
    _run_option("--count", is_flag=True, help="With --dry-run, read the whole film: count its frames, find its cuts."),
    _run_option("--run-folder", type=FILE, help="Folder for the state of the run, which `tui --attach PATH` reads."),
    config_options,
    console_options,
)


def run_options(command: Decorated) -> Decorated:
    """Decorate a command with the argument and the options of `streamstyle run`."""
    return combine(_OPTIONS)(command)


@dataclass(frozen=True, slots=True)
class RunArguments:
    """The arguments of a run, parsed but not yet checked against the video."""

    movie: Path
    output: Path
    blend: StyleBlend
    """Adapted to the film if `--adapt` is given and this has been done."""
    settings: Settings
    sample: float | None
    """Seconds from the middle of the video; None for the time range in the settings."""
    restart: bool = False
    """Start at the first frame even if an earlier run can be resumed."""


def parse_run_arguments(arguments: Sequence[str]) -> RunArguments:
    """Parse the arguments of `streamstyle run`; raises the StreamstyleError that the run would end with."""
    try:
        values = _parser.make_context("run", list(arguments), help_option_names=HELP_NAMES).params
    except click.ClickException as error:
        raise SettingsError(error.format_message().rstrip("."), "See `streamstyle run --help`.") from error
    require_one_range(values["sample"], values["time_range"])
    blend = parse_style(values["style"])
    settings = settings_from_options(values, values["time_range"])
    return RunArguments(
        movie=values["movie"],
        output=values["output"] or default_output(values["movie"], blend.name, suffix_for(values["purpose"])),
        blend=_adapted(values["movie"], settings, blend, values["adapt"]),
        settings=settings,
        sample=values["sample"],
        restart=values["restart"],
    )


def _adapted(movie: Path, settings: Settings, blend: StyleBlend, seconds: float | None) -> StyleBlend:
    """Return the style adapted to the film, if it is to be and has been; the style itself otherwise."""
    if seconds is None:
        return blend
    from streamstyle.train.adaptation import check_adaptation, find_adapted

    check_adaptation(blend, seconds)
    return find_adapted(movie, settings.source, blend, seconds) or blend


@click.command("run", cls=ConfiguredCommand)
@run_options
def _parser(**_: Any) -> None:
    """Does nothing: only its parser is used."""


def settings_from_options(values: Mapping[str, Any], time_range: TimeRange | None) -> Settings:
    """Return the settings given by the options of a run; raises SettingsError for a value that cannot work."""
    start, end = time_range or (None, None)
    return Settings(
        source=settings_from(SourceSettings, values, start=start, end=end),
        flow=settings_from(FlowSettings, values),
        consistency=settings_from(ConsistencySettings, values),
        ruder=settings_from(RuderSettings, values),
        style=settings_from(StyleSettings, values),
        upscale=settings_from(UpscaleSettings, values),
        encoder=settings_from(EncoderSettings, values),
        device=Device(values["device"]),
        threads=values["threads"],
    )
