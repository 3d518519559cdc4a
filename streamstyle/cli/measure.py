"""`streamstyle measure`: temporal stability, sharpness and losses of a stylised film, made by any tool."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.console import ProgressLine, SpeedMeter, print_json, progress_text
from streamstyle.cli.options import FILE, debug_option, grouped_option, json_option
from streamstyle.option_values import parse_range
from streamstyle.settings import SourceSettings
from streamstyle.styles.library import get_style

if TYPE_CHECKING:
    from streamstyle.evaluate.evaluator import Measured

_measurement_option = grouped_option("Measurement")
REFERENCE_HELP = (
    "Optical flow of the source to measure along: ultrafast, fast, medium, deepflow, or a folder of .flo files; "
    "preferably not the one the film was made with.  [default: deepflow]"
)
NETWORK_HELP = "VGG-16 weights for content and style loss. Default: the built-in VGG-16."
_STYLE_HELP = "Style image; without it style loss is not measured."
_ERROR_LABELS = {"warping_error": "warping error", "stability_error": "stability error"}
_LABELS = {
    "content": "content loss",
    "style": "style loss",
    "boundary_error": "boundary error",
    "tone_lag": "tone lag",
}
_PER_FRAME_HELP = (
    "The film stylised frame by frame (`run --method johnson`), with the same style and at the same size; without it "
    "tone lag, seam and ghost are not measured."
)
_EPILOG = """
All but sharpness: lower is better. Boundary error, tone lag, seam and ghost are in levels (0..255). The source is
measured too, and two control films: STYLISED blurred, and frozen on the first frame of each shot. Formulas:
docs/metrics.md.
"""


@click.command(cls=ConfiguredCommand, epilog=_EPILOG, short_help="Measure a stylised film.")
@click.argument("stylised", type=FILE)
@_measurement_option(
    "--source", required=True, type=FILE, metavar="MOVIE", help="The film that STYLISED was made from."
)
@_measurement_option("--style", type=FILE, metavar="IMAGE", help=_STYLE_HELP)
@_measurement_option("--per-frame", type=FILE, metavar="FILM", help=_PER_FRAME_HELP)
@_measurement_option(
    "--range", "time_range", type=parse_range, metavar="A-B", help="The range of the source that was stylised."
)
@_measurement_option("--flow-reference", default="deepflow", metavar="FLOW", help=REFERENCE_HELP)
@_measurement_option("--loss-network", type=FILE, metavar="PATH", help=NETWORK_HELP)
@_measurement_option("--curves", is_flag=True, help="With --json: also errors, sharpness and artefacts of every frame.")
@config_options
@json_option
@debug_option
def measure(
    stylised: Path,
    source: Path,
    style: Path | None,
    per_frame: Path | None,
    time_range: tuple[float | None, float | None] | None,
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

    start, end = time_range or (None, None)
    settings = SourceSettings(start=start, end=end)
    reference, scorer = parse_reference_flow(flow_reference), load_scorer(require_style_image(style), loss_network)
    frames, speed, began = probe(source, settings).frames, SpeedMeter(), time.monotonic()
    line = ProgressLine(sys.stderr)

    def show_progress(done: int) -> None:
        speed.update(done, time.monotonic() - began)
        line.show(progress_text(line.bar(done / frames) if frames else "", done, frames, speed))

    try:
        measured = measure_film(
            stylised, source, settings, reference, scorer, show_progress, per_frame=per_frame, curves=curves
        )
    finally:
        line.clear()
    if as_json:
        print_json(measured)
    else:
        click.echo("\n".join(_metrics_table(measured)))
    return 0


def require_style_image(style: Path | None) -> Path | None:
    """Return the style image: an image file, or the weights file of the style of that name; StyleError if not known."""
    if style is None or (style.is_file() and style.suffix != ".safetensors"):
        return style
    from streamstyle.styles.spec import BlendPart
    from streamstyle.styles.style_image import style_image_path

    return style_image_path(BlendPart(get_style(str(style)).path), None)


def _metrics_table(measured: Measured) -> list[str]:
    columns = list(measured.metrics)
    rows = [
        f"{Path(measured.stylised).name}: {measured.frames} frames; flow reference: {measured.flow_reference}",
        f"loss network: {measured.loss_network}",
        " " * 24 + "".join(f"{column.replace('_', ' '):>12}" for column in columns),
    ]
    for name in measured.metrics["stylised"]:
        values = "".join(_cell(measured.metrics[column].get(name)) for column in columns)
        rows.append(f"{metric_label(name):<24}{values}")
    return rows


def _cell(value: float | None) -> str:
    return f"{'-':>12}" if value is None else f"{value:>12.5f}"


def metric_label(name: str) -> str:
    """Return the label of a metric: `warping error, gap 5` for `warping_error_5`."""
    kind, _, gap = name.rpartition("_")
    return f"{_ERROR_LABELS[kind]}, gap {gap}" if kind in _ERROR_LABELS else _LABELS.get(name, name)
