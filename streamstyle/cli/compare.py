"""`streamstyle compare`: runs several methods on one film, measures them, and writes report and side-by-side film."""

from __future__ import annotations

import shlex
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.console import ProgressLine, SpeedMeter, print_json, progress_text
from streamstyle.cli.errors import stop_on_signal
from streamstyle.cli.measure import NETWORK_HELP, REFERENCE_HELP, require_style_image
from streamstyle.cli.media_args import TimeRange, confirm_output, probe_range
from streamstyle.cli.methods import parse_methods
from streamstyle.cli.options import (
    FILE,
    console_options,
    device_option,
    grouped_option,
    output_options,
    settings_options,
    style_option,
    threads_option,
    time_range_options,
)
from streamstyle.compare.events import (
    Compared,
    ComparisonStopped,
    FrameMeasured,
    MethodFinished,
    SideBySideFrameWritten,
)
from streamstyle.errors import EXIT_INTERRUPTED
from streamstyle.events import Event, FrameWritten, Observer, Warned
from streamstyle.formatting import format_speed
from streamstyle.option_values import settings_from
from streamstyle.settings import Device, Method, RuderSettings, Settings, SourceSettings, StyleSettings
from streamstyle.styles.spec import parse_style

if TYPE_CHECKING:
    from streamstyle.compare.comparison import EvaluationSetup
    from streamstyle.compare.method_runs import MethodSpec
    from streamstyle.styles.spec import StyleBlend
    from streamstyle.video_info import VideoInfo

_METHODS_HELP = (
    "METHOD[:option=value[:option=value]…], separated by commas; options are those of `run`, such as "
    "johnson,consistent,consistent:pixel-weight=0:iterations=10"
)
_STYLE_IMAGE_HELP = "Style image for the style loss and for ruder. Default: --style if that is an image."
_EPILOG = """
Each method's film and its time are kept in OUTPUT.parts and reused: the same command resumes a comparison.
Ctrl-C stops after the current frame. The report is one file that needs no network.
"""
_COLUMNS = (
    ("time", "time"),
    ("warping_error_1", "flicker"),
    ("warping_error_10", "at gap 10"),
    ("drift", "drift"),
    ("content", "content"),
    ("style", "style"),
    ("sharpness", "sharpness"),
)
"""Columns of the table: key of the metric relative to the baseline, and heading."""

_LEVEL_COLUMNS = (("tone_lag", "tone lag"), ("seam", "seam"), ("ghost", "ghost"))
"""Columns of metrics in levels, which the baseline does not have."""

_COLUMN_WIDTH = 10

_comparison_option, _measurement_option = grouped_option("Comparison"), grouped_option("Measurement")


@click.command(cls=ConfiguredCommand, epilog=_EPILOG, short_help="Compare methods on one film.")
@click.argument("movie", type=FILE)
@style_option("Comparison", required=True)
@_comparison_option(
    "--methods", default="johnson,live,consistent", show_default=True, metavar="LIST", help=_METHODS_HELP
)
@output_options("Comparison", "Side-by-side film. Default: MOVIE.compare.mkv beside MOVIE.")
@_comparison_option("--no-film", is_flag=True, help="Write the report only.")
@time_range_options("Input")
@settings_options(SourceSettings, "Input")
@settings_options(StyleSettings, "Style")
@device_option("Comparison")
@threads_option("Comparison")
@_measurement_option("--flow-reference", default="deepflow", metavar="FLOW", help=REFERENCE_HELP)
@_measurement_option("--style-image", type=FILE, metavar="IMAGE", help=_STYLE_IMAGE_HELP)
@_measurement_option("--loss-network", type=FILE, metavar="PATH", help=NETWORK_HELP)
@config_options
@console_options
def compare(
    movie: Path,
    style: str,
    methods: str,
    output: Path | None,
    no_film: bool,
    yes: bool,
    sample: float | None,
    time_range: TimeRange | None,
    device: str,
    threads: int,
    flow_reference: str,
    style_image: Path | None,
    loss_network: Path | None,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> int:
    """Stylise MOVIE with several methods, measure them, and write a side-by-side film and an HTML report."""
    settings = Settings(
        source=settings_from(SourceSettings, values),
        ruder=RuderSettings(style_image=require_style_image(style_image)),
        style=settings_from(StyleSettings, values),
        device=Device(device),
        threads=threads,
    )
    specs = parse_methods(methods, settings)
    blend = parse_style(style)
    _require_style_image(specs, blend)
    video, source_settings = probe_range(movie, settings.source, sample, time_range)
    output = output or movie.with_name(f"{movie.stem}.compare.mkv")
    inputs = [movie, *(part.path for part in blend.parts)]
    confirm_output(output.with_suffix(".html"), inputs, replace=yes, can_ask=not as_json, is_film=False)
    if not no_film:
        confirm_output(output, inputs, replace=yes, can_ask=not as_json)
    from streamstyle.compare.comparison import EvaluationSetup
    from streamstyle.evaluate.metrics import load_scorer
    from streamstyle.evaluate.reference_flow import parse_reference_flow

    image = style_image or _style_image(blend)
    setup = EvaluationSetup(parse_reference_flow(flow_reference), load_scorer(image, loss_network), image)
    with report_comparison(as_json, quiet) as (observe, stop):
        finished = _run_comparison(specs, video, source_settings, blend, setup, output, not no_film, observe, stop)
    return 0 if finished else EXIT_INTERRUPTED


def _style_image(blend: StyleBlend) -> Path | None:
    """Return the file with the style image of --style; None if it is not known, and for a blend."""
    from streamstyle.errors import StyleError
    from streamstyle.styles.style_image import style_image_path

    (first, *others) = blend.parts
    try:
        return None if others else style_image_path(first, None)
    except StyleError:
        return None


def _require_style_image(specs: Sequence[MethodSpec], blend: StyleBlend) -> None:
    """Raise StyleError, before any work is done, if a method needs a style image that is not known."""
    from streamstyle.styles.style_image import style_image_path

    for spec in specs:
        if spec.method is Method.ruder:
            for part in blend.parts:
                style_image_path(part, spec.settings.ruder.style_image)


def _run_comparison(
    specs: Sequence[MethodSpec],
    video: VideoInfo,
    source_settings: SourceSettings,
    blend: StyleBlend,
    setup: EvaluationSetup,
    output: Path,
    with_film: bool,
    observe: Observer,
    stop: threading.Event,
) -> bool:
    """Compare, and write report and film; return whether it was finished before `stop` was set."""
    from streamstyle.compare.comparison import compare as compare_methods
    from streamstyle.compare.method_runs import archive_folder
    from streamstyle.compare.report import write_report
    from streamstyle.compare.side_by_side import check_side_by_side, write_side_by_side

    if with_film:
        check_side_by_side(video, len(specs), output)
    folder = archive_folder(output)
    command = shlex.join(["streamstyle", *(click.get_current_context().obj or [])])
    compared = compare_methods(specs, video, source_settings, blend, setup, folder, command, observe, stop)
    if compared is None:
        return False
    report = output.with_suffix(".html")
    compared = replace(compared, output=str(output) if with_film else "", report=str(report))
    write_report(video, compared, report)
    if with_film and not write_side_by_side(video, compared, output, observe, stop):
        return False
    observe(compared)
    return True


@contextmanager
def report_comparison(as_json: bool, quiet: bool) -> Iterator[tuple[Observer, threading.Event]]:
    """Yield the observer of a comparison and the event that stops it, set by Ctrl-C."""
    stop = threading.Event()
    line = ProgressLine(sys.stderr)
    observe = print_json if as_json else ComparisonReporter(line, quiet).observe
    with stop_on_signal(stop):
        try:
            yield observe, stop
        finally:
            line.clear()


class ComparisonReporter:
    """Prints the progress of a comparison, and at the end its results."""

    def __init__(self, line: ProgressLine, quiet: bool) -> None:
        self._line = line
        self._quiet = quiet
        self._speed = SpeedMeter()

    def observe(self, event: Event) -> None:
        """Show the event."""
        match event:
            case Warned():
                self._line.print(f"streamstyle: warning: {event.message}")
            case ComparisonStopped():
                self._line.print(
                    f"stopped; {event.finished} of {event.methods} films are finished and kept in {event.folder}"
                )
            case _ if self._quiet:
                return
            case FrameWritten():
                self._show_progress("frame", event.frame, event.frames, event.elapsed)
            case FrameMeasured():
                self._show_progress("measuring: frame", event.frame, event.frames)
            case SideBySideFrameWritten():
                self._show_progress("side by side: frame", event.frame, event.frames)
            case MethodFinished():
                note = ", reused" if event.reused else ""
                self._line.print(f"{event.method:<40} {format_speed(1, event.seconds_per_frame):>14}{note}")
            case Compared():
                for row in _comparison_table(event):
                    self._line.print(row)

    def _show_progress(self, unit: str, done: int, total: int | None, elapsed: float | None = None) -> None:
        if done == 1:
            self._speed = SpeedMeter()
        if elapsed is not None:
            self._speed.update(done, elapsed)
        bar = self._line.bar(done / total) if total else ""
        self._line.show(progress_text(bar, done, total, self._speed, unit=unit))


def _comparison_table(compared: Compared) -> list[str]:
    """Return a table of the metrics, what they were measured with, and the files written."""
    first = f"relative to {compared.baseline}"
    width = max(len(first), *(len(film.name) for film in compared.films))
    levels = [(key, heading) for key, heading in _LEVEL_COLUMNS if any(key in film.metrics for film in compared.films)]
    headings = "".join(f"{heading:>{_COLUMN_WIDTH}}" for _, heading in (*_COLUMNS, *levels))
    lines = ["", f"{first:<{width}}{headings}"]
    for film in compared.films:
        ratios = {**film.ratios, **({} if film.time_ratio is None else {"time": film.time_ratio})}
        values = [*(ratios.get(key) for key, _ in _COLUMNS), *(film.metrics.get(key) for key, _ in levels)]
        lines.append(f"{film.name:<{width}}" + "".join(map(_cell, values)))
    lines += ["", f"flow reference: {compared.flow_reference}; loss network: {compared.loss_network}"]
    if compared.same_flow_methods:
        names = ", ".join(compared.same_flow_methods)
        lines.append(f"made along the same flow, and less steady than they look: {names}")
    return [*lines, *(f"→ {path}" for path in (compared.output, compared.report) if path)]


def _cell(value: float | None) -> str:
    return f"{'-' if value is None else f'{value:.3g}':>{_COLUMN_WIDTH}}"
