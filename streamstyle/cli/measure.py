"""`streamstyle measure`: temporal stability, sharpness and losses of a stylised film, whichever tool made it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.cli.console import ProgressLine, SpeedMeter, print_json, progress_text
from streamstyle.cli.options import FILE, GroupedCommand, debug_option, grouped_option, json_option
from streamstyle.errors import StyleError
from streamstyle.option_values import parse_range
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from streamstyle.evaluate.evaluator import Measured

_measurement_option = grouped_option("Measurement")
REFERENCE_HELP = (
    "Optical flow of the source to measure along: ultrafast, fast, medium, deepflow, or a folder of .flo "
    "files. Best another than the film was made with.  [default: deepflow]"
)
NETWORK_HELP = "VGG-16 weights for content and style loss; default: the wider of the two networks that ship."
_STYLE_HELP = "Style image; without it style loss is not measured."
_ERROR_LABELS = {"warping_error": "warping error", "stability_error": "stability error"}
_LOSS_LABELS = {"content": "content loss", "style": "style loss"}
_EPILOG = """
Errors, drift and losses: lower is better. The source is measured too, and two controls: the film blurred, and the film
frozen on its first frame. Formulas: docs/metrics.md.
"""


@click.command(cls=GroupedCommand, epilog=_EPILOG, short_help="Measure a stylised film.")
@click.argument("stylised", type=FILE)
@_measurement_option(
    "--source", required=True, type=FILE, metavar="MOVIE", help="The film that STYLISED was made from."
)
@_measurement_option("--style", type=FILE, metavar="IMAGE", help=_STYLE_HELP)
@_measurement_option(
    "--range", "part", type=parse_range, metavar="A-B", help="The range of the source that was stylised."
)
@_measurement_option("--flow-reference", default="deepflow", metavar="FLOW", help=REFERENCE_HELP)
@_measurement_option("--loss-network", type=FILE, metavar="PATH", help=NETWORK_HELP)
@_measurement_option("--curves", is_flag=True, help="With --json: also errors and sharpness of every frame.")
@json_option
@debug_option
def measure(
    stylised: Path,
    source: Path,
    style: Path | None,
    part: tuple[float | None, float | None] | None,
    flow_reference: str,
    loss_network: Path | None,
    curves: bool,
    as_json: bool,
) -> int:
    """Measure stability, sharpness and losses of STYLISED, a film made from MOVIE by this or any other tool."""
    from streamstyle.evaluate.evaluator import measure_film
    from streamstyle.evaluate.metrics import load_scorer
    from streamstyle.evaluate.reference_flow import parse_reference_flow
    from streamstyle.media.probe import probe

    start, end = part or (None, None)
    wanted = SourceSettings(start=start, end=end)
    judged_by, eye = parse_reference_flow(flow_reference), load_scorer(require_style_image(style), loss_network)
    frames, speed, began = probe(source, wanted).frames, SpeedMeter(), time.monotonic()
    line = ProgressLine(sys.stderr)

    def watch(done: int) -> None:
        speed.update(done, time.monotonic() - began)
        line.show(progress_text(line.bar(done / frames) if frames else "", done, frames, speed))

    try:
        assessed = measure_film(stylised, source, wanted, judged_by, eye, watch, curves=curves)
    finally:
        line.clear()
    if as_json:
        print_json(assessed)
    else:
        click.echo("\n".join(_metrics_table(assessed)))
    return 0


def require_style_image(style: Path | None) -> Path | None:
    """Return the image that a style is measured against; StyleError where it is a name and no file."""
    if style is not None and not style.is_file():
        raise StyleError(f"there is no image {style}", "Give the painting itself: a style's file holds no such thing.")
    return style


def _metrics_table(assessed: Measured) -> list[str]:
    columns = list(assessed.metrics)
    rows = [
        f"{Path(assessed.stylised).name}: {assessed.frames} frames, judged along {assessed.flow_reference}",
        f"content and style as seen by {assessed.loss_network}",
        " " * 24 + "".join(f"{column:>12}" for column in columns),
    ]
    for name in assessed.metrics["stylised"]:
        values = "".join(_cell(assessed.metrics[column].get(name)) for column in columns)
        rows.append(f"{metric_label(name):<24}{values}")
    return rows


def _cell(value: float | None) -> str:
    return f"{'-':>12}" if value is None else f"{value:>12.5f}"


def metric_label(name: str) -> str:
    """Return what people call a measure that is `warping_error_5` on the wire."""
    measure, _, gap = name.rpartition("_")
    return f"{_ERROR_LABELS[measure]}, gap {gap}" if measure in _ERROR_LABELS else _LOSS_LABELS.get(name, name)
