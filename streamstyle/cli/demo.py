"""`streamstyle demo`: stylises the small film that ships."""

from __future__ import annotations

from pathlib import Path

import click

from streamstyle.cli.console import report_to
from streamstyle.cli.media_args import check_output, default_output
from streamstyle.cli.options import (
    GroupedCommand,
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
_FOLDER = click.Path(path_type=Path, file_okay=False)
_demo = grouped_option("Demo")


@click.command(cls=GroupedCommand, short_help="Paint a small film that ships: the first thing to try.")
@style_option("Demo", default="wave")
@_demo(
    "--output",
    "-o",
    "folder",
    type=_FOLDER,
    metavar="FOLDER",
    default="streamstyle-demo",
    show_default=True,
    help="Where both films go.",
)
@device_option("Demo")
@json_option
@debug_option
def demo(style: str, folder: Path, device: str, as_json: bool) -> int:
    """Paint five seconds of a landscape, a film that ships with streamstyle, with the default method."""
    mix = parse_style(style)
    settings = Settings(device=Device(device))
    source = _folder(folder) / "landscape.mkv"
    painted = default_output(source, mix.name)
    check_output(painted, source, replace=True, can_ask=False)

    def tell(text: str) -> None:
        if not as_json:
            click.echo(text)

    from streamstyle.media.probe import probe
    from streamstyle.pipeline import stylise_video

    tell("\nA small film, and then its painting: about two minutes.\n")
    _copy_film(source)
    film = probe(source, settings.source)
    tell(f"film       {source}   {film.width}x{film.height}, {film.frames} frames, one cut, with sound\n")
    with report_to(as_json, quiet=False, resume_hint="") as (observe, stop):
        listen = observe if as_json else _progress_only(observe)
        ended = stylise_video(film, painted, mix, settings, listen, stop, restart=True)
    if isinstance(ended, Stopped):
        return EXIT_INTERRUPTED
    tell(_farewell(ended, mix.name))
    return 0


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made ({error.strerror})", "Give another with -o.") from error
    return folder


def _copy_film(path: Path) -> None:
    from streamstyle.media.output_file import output_errors

    with output_errors(path):
        atomic_write(path, DEMO_FILM.read_bytes(), durable=True)


def _progress_only(observe: Observer) -> Observer:
    """Return an observer that leaves the first and the last word to the demo."""

    def filtered(event: Event) -> None:
        if not isinstance(event, Started | Finished):
            observe(event)

    return filtered


def _farewell(finished: Finished, style: str) -> str:
    speed = format_speed(finished.frames, finished.elapsed)
    commands = {
        f"streamstyle run MOVIE --style {style} --sample 10s": "ten seconds from its middle",
        f"streamstyle run MOVIE --style {style}": "all of it",
        "streamstyle run MOVIE --style PICTURE": "in the manner of any picture",
        "streamstyle styles": "the styles there are",
    }
    width = max(map(len, commands))
    return "\n".join(
        [
            f"painted    {finished.output}   in {format_duration(finished.elapsed)}, {speed}",
            "",
            "Play both side by side. What stands still in the scene stands still in the painting.",
            "Now a film of yours:",
            "",
            *(f"    {command:<{width}}   {does}" for command, does in commands.items()),
            "",
        ]
    )
