"""`streamstyle demo`: stylises the film that is installed with streamstyle."""

from __future__ import annotations

from pathlib import Path

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.console import report_to
from streamstyle.cli.media_args import confirm_output
from streamstyle.cli.options import (
    debug_option,
    device_option,
    grouped_option,
    json_option,
    style_option,
)
from streamstyle.errors import EXIT_INTERRUPTED, OutputError
from streamstyle.events import Event, Finished, Observer, Started, Stopped
from streamstyle.files import atomic_write
from streamstyle.formatting import format_duration, format_speed
from streamstyle.settings import Device, Settings
from streamstyle.styles.spec import parse_style

DEMO_FILM = Path(__file__).parents[1] / "assets" / "demo.mkv"
_FOLDER = click.Path(path_type=Path)
_demo = grouped_option("Demo")


@click.command(cls=ConfiguredCommand, short_help="Stylise a small built-in film: the first thing to try.")
@style_option("Demo", default="wave")
@_demo(
    "--output",
    "-o",
    "folder",
    type=_FOLDER,
    metavar="FOLDER",
    default="streamstyle-demo",
    show_default=True,
    help="Folder for both films.",
)
@device_option("Demo")
@config_options
@json_option
@debug_option
def demo(style: str, folder: Path, device: str, as_json: bool) -> int:
    """Stylise five seconds of a landscape, a film that is installed with streamstyle, with the default method."""
    blend = parse_style(style)
    settings = Settings(device=Device(device))
    source = _create_folder(folder) / "landscape.mkv"
    output = source.with_name(f"{source.stem}.{blend.name}.mkv")
    confirm_output(output, [source], replace=True, can_ask=False)

    def print_text(text: str) -> None:
        if not as_json:
            click.echo(text)

    from streamstyle import stylise_film
    from streamstyle.media.probe import probe

    print_text("\nStylising a small film takes about two minutes.\n")
    _copy_film(source)
    video = probe(source, settings.source)
    print_text(f"film       {source}   {video.width}x{video.height}, {video.frames} frames, one cut, with sound\n")
    with report_to(as_json, quiet=False, resume_hint="") as (observe, stop):
        listener = observe if as_json else _progress_only(observe)
        ended = stylise_film(source, style, output, settings, observe=listener, stop=stop, restart=True, overwrite=True)
    if isinstance(ended, Stopped):
        return EXIT_INTERRUPTED
    print_text(_next_steps(ended, blend.name))
    return 0


def _create_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {folder} cannot be created ({error.strerror})", "Give another folder with -o."
        ) from error
    return folder


def _copy_film(path: Path) -> None:
    from streamstyle.media.output_file import output_errors

    with output_errors(path):
        if path.exists() and path.read_bytes() != DEMO_FILM.read_bytes():
            raise OutputError(f"{path} exists already, and is not the demo film", "Give another folder with -o.")
        atomic_write(path, DEMO_FILM.read_bytes(), durable=True)


def _progress_only(observe: Observer) -> Observer:
    """Return an observer without the first and the last event, for which the demo has texts of its own."""

    def filtered(event: Event) -> None:
        if not isinstance(event, Started | Finished):
            observe(event)

    return filtered


def _next_steps(finished: Finished, style: str) -> str:
    speed = format_speed(finished.frames, finished.elapsed)
    commands = {
        f"streamstyle run MOVIE --style {style} --sample 10s": "ten seconds from the middle",
        f"streamstyle run MOVIE --style {style}": "the whole film",
        "streamstyle run MOVIE --style IMAGE": "in the style of any image",
        "streamstyle styles": "list of styles",
    }
    width = max(map(len, commands))
    return "\n".join(
        [
            f"output     {finished.output}   in {format_duration(finished.elapsed)}, {speed}",
            "",
            "Play both side by side: what stands still in the scene stands still in the output.",
            "Next, stylise a film of yours:",
            "",
            *(f"    {command:<{width}}   {meaning}" for command, meaning in commands.items()),
            "",
        ]
    )
