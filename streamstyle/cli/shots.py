"""`streamstyle shots` finds the shots of a film and writes them as a script for `run --script`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamstyle.cli.console import ProgressLine
from streamstyle.cli.media_args import confirm_output
from streamstyle.cli.options import (
    FILE,
    GroupedCommand,
    console_options,
    grouped_option,
    output_options,
)
from streamstyle.errors import OutputError, SettingsError
from streamstyle.formatting import format_timestamp
from streamstyle.settings import SourceSettings

if TYPE_CHECKING:
    from streamstyle.shot_list import Shot

SCHEMA = "streamstyle.shots/1"

WORKING_HEIGHT = 360
"""Lines at which cuts are looked for; thumbnails are compared, for which that is plenty."""


@click.command(cls=GroupedCommand, short_help="List the shots of a film, as a script to direct it by.")
@click.argument("movie", type=FILE)
@output_options("Output", "Script to write, such as film.toml; small pictures go into a folder beside it.")
@grouped_option("Output")(
    "--sheet", type=FILE, metavar="FILE", help="Image to write with a small picture of each shot."
)
@console_options
def shots(movie: Path, output: Path | None, sheet: Path | None, yes: bool, quiet: bool, as_json: bool) -> None:
    """List the shots of MOVIE with their times; with -o, write them as a script for `streamstyle run --script`.

    In the script, style, strength and more can be set for each shot; docs/directing.md describes it.
    """
    from streamstyle.media.image_sequence import is_sequence
    from streamstyle.media.probe import probe
    from streamstyle.media.standard_streams import STDIN
    from streamstyle.shot_list import find_shots

    if movie == STDIN:
        raise SettingsError("the shots of a piped film have no file to direct", "Give the name of a film.")
    for path, suffixes in ((output, (".toml",)), (sheet, (".jpg", ".jpeg", ".png", ".webp"))):
        if path is not None and path.suffix.lower() not in suffixes:
            raise OutputError(f"{path} does not end in {' or '.join(suffixes)}", "Give such a name.")
        if path is not None:
            inputs = [] if is_sequence(movie) else [movie]
            confirm_output(path, inputs, replace=yes, can_ask=not as_json, is_film=False)
    video = probe(movie, SourceSettings(max_height=WORKING_HEIGHT))
    line, of = ProgressLine(sys.stderr), f"/{video.frames}" if video.frames else ""
    found: list[Shot] = []
    try:
        for shot in find_shots(video, lambda frame: None if quiet else line.show(f"reading frame {frame}{of}")):
            found.append(shot)
            if as_json:
                click.echo(json.dumps(_to_json(len(found), shot)))
    finally:
        line.clear()
    if sheet is not None:
        _write_sheet(sheet, found)
    if output is not None:
        _write_script(movie, output, found)
    if not as_json and output is None and sheet is None:
        click.echo("\n".join(f"{number:>5}  {_row(shot)}" for number, shot in enumerate(found, 1)))
    elif not as_json and not quiet:
        written = " and ".join(str(path) for path in (output, sheet) if path is not None)
        click.echo(f"{written}: {len(found)} shot{'s' * (len(found) != 1)}")


def _write_sheet(path: Path, found: list[Shot]) -> None:
    from streamstyle.files import atomic_write
    from streamstyle.media.images import encode_image
    from streamstyle.shot_list import shot_sheet

    try:
        atomic_write(path, encode_image(shot_sheet(found), path.suffix))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror})", "Give another with --sheet.") from error


def _write_script(movie: Path, output: Path, found: list[Shot]) -> None:
    """Write the pictures, and then the script that names them."""
    from streamstyle.files import atomic_write
    from streamstyle.media.images import encode_image
    from streamstyle.shot_list import picture_path, script_text

    paths = [picture_path(output, number) for number in range(1, len(found) + 1)]
    try:
        paths[0].parent.mkdir(exist_ok=True)
        for path, shot in zip(paths, found, strict=True):
            atomic_write(path, encode_image(shot.picture, ".jpg", 85))
        names = [path.relative_to(output.parent).as_posix() for path in paths]
        atomic_write(output, script_text(movie.name, found, names).encode("utf-8", "replace"))
    except OSError as error:
        raise OutputError(f"{output} cannot be written ({error.strerror})", "Give another with -o.") from error


def _row(shot: Shot) -> str:
    times = f"{format_timestamp(shot.start)} - {format_timestamp(shot.end)}"
    return f"{times}  {shot.frames} frame{'s' * (shot.frames != 1)}"


def _to_json(number: int, shot: Shot) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "number": number,
        "start": round(shot.start, 3),
        "end": round(shot.end, 3),
        "frames": shot.frames,
    }
