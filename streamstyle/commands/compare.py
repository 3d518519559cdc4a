"""`streamstyle compare`: several methods on one film, in a report and side by side."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.commands.completion import complete_style
from streamstyle.commands.contenders import wanted_contenders
from streamstyle.commands.measure import NETWORK_HELP, REFERENCE_HELP, painting
from streamstyle.commands.output import check_output
from streamstyle.commands.part import Span, opened_part
from streamstyle.events import Observer
from streamstyle.settings import Device, Method, RuderSettings, Settings, SourceSettings, StyleSettings
from streamstyle.styles.spec import parse_style
from streamstyle.terminal.comparing import watched_comparison
from streamstyle.terminal.interrupts import INTERRUPTED
from streamstyle.terminal.options import (
    FILE,
    STYLE_HELP,
    GroupedCommand,
    chosen,
    console_options,
    device_option,
    output_options,
    settings_options,
    time_range_options,
    under,
)

if TYPE_CHECKING:
    from streamstyle.compare.comparison import Bench
    from streamstyle.compare.contender import Contender
    from streamstyle.film import Film
    from streamstyle.mix import Mix

_METHODS = (
    "METHOD[:option=value[:option=value]…], separated by commas; options are those of `run`, such as "
    "johnson,consistent,consistent:pixel-weight=0:iterations=10"
)
_STYLE_IMAGE = "Image for the style loss and for ruder; default: --style if that is an image."
_EPILOG = """
Each method's film and its time are kept in OUTPUT.parts and are not made again: the same command resumes a comparison.
Ctrl-C finishes the current frame. The report is one file that needs no network.
"""
_comparison_option, _measurement_option = under("Comparison"), under("Measurement")


@click.command(cls=GroupedCommand, epilog=_EPILOG, short_help="Compare methods on one film.")
@click.argument("movie", type=FILE)
@_comparison_option("--style", required=True, metavar="STYLE", help=STYLE_HELP, shell_complete=complete_style)
@_comparison_option("--methods", default="johnson,live,consistent", show_default=True, metavar="LIST", help=_METHODS)
@output_options("Comparison", "Side-by-side film; default: MOVIE.compare.mkv beside the film.")
@_comparison_option("--no-film", is_flag=True, help="Write the report only.")
@time_range_options("Film")
@settings_options(SourceSettings, "Film")
@settings_options(StyleSettings, "Style")
@device_option("Comparison")
@_measurement_option("--flow-reference", default="deepflow", metavar="FLOW", help=REFERENCE_HELP)
@_measurement_option("--style-image", type=FILE, metavar="IMAGE", help=_STYLE_IMAGE)
@_measurement_option("--loss-network", type=FILE, metavar="PATH", help=NETWORK_HELP)
@console_options
def compare(
    movie: Path,
    style: str,
    methods: str,
    output: Path | None,
    no_film: bool,
    yes: bool,
    sample: float | None,
    part: Span | None,
    device: str,
    flow_reference: str,
    style_image: Path | None,
    loss_network: Path | None,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> int:
    """Stylise MOVIE with several methods, measure them, and write a side-by-side film and an HTML report."""
    settings = Settings(
        source=chosen(SourceSettings, values),
        ruder=RuderSettings(style_image=painting(style_image)),
        style=chosen(StyleSettings, values),
        device=Device(device),
    )
    contenders = wanted_contenders(methods, settings)
    mix = parse_style(style)
    _refuse_ruder_without_painting(contenders, mix)
    film, source = opened_part(movie, settings.source, sample, part)
    output = output or movie.with_name(f"{movie.stem}.compare.mkv")
    for wanted in (output.with_suffix(".html"), *([] if no_film else [output])):
        check_output(wanted, movie, replace_it=yes, may_ask=not as_json)
    from streamstyle.compare.comparison import Bench
    from streamstyle.evaluate.appearance import appearance
    from streamstyle.evaluate.judge import judge_of

    image = style_image or _painting_in(mix)
    bench = Bench(judge_of(flow_reference), appearance(image, loss_network), image)
    with watched_comparison(as_json, quiet) as (observe, stop):
        done = _compare(contenders, film, source, mix, bench, output, not no_film, observe, stop)
    return 0 if done else INTERRUPTED


def _painting_in(mix: Mix) -> Path | None:
    """Return the image that the style was asked for by, if it is one and no blend."""
    (first, *others) = mix.ingredients
    image = first.image or (None if first.path.suffix == ".safetensors" else first.path)
    return None if others else image


def _refuse_ruder_without_painting(contenders: Sequence[Contender], mix: Mix) -> None:
    """Raise StyleError, before any work is done, where a method needs the painting and nobody has said where it is."""
    from streamstyle.painting import image_of

    for contender in contenders:
        if contender.method is Method.ruder:
            for ingredient in mix.ingredients:
                image_of(ingredient, contender.settings.ruder.style_image)


def _compare(
    contenders: Sequence[Contender],
    film: Film,
    part: SourceSettings,
    mix: Mix,
    bench: Bench,
    output: Path,
    with_film: bool,
    observe: Observer,
    stop: threading.Event,
) -> bool:
    """Compare, and write the report and the film; return whether it came to its end."""
    from streamstyle.compare.comparison import compare as compare_methods
    from streamstyle.compare.grid_film import refuse_grid_film, write_grid_film
    from streamstyle.compare.kept import parts_folder
    from streamstyle.compare.report import write_report

    if with_film:
        refuse_grid_film(film, len(contenders), output)
    folder = parts_folder(output)
    command = shlex.join(["streamstyle", *(click.get_current_context().obj or [])])
    compared = compare_methods(contenders, film, part, mix, bench, folder, command, observe, stop)
    if compared is None:
        return False
    report = output.with_suffix(".html")
    compared = replace(compared, output=str(output) if with_film else "", report=str(report))
    write_report(film, compared, report)
    if with_film and not write_grid_film(film, compared, output, observe, stop):
        return False
    observe(compared)
    return True
