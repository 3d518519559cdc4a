"""`streamstyle styles`: the list of styles, or a contact sheet of one frame in every style."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamstyle.cli.config import ConfiguredCommand, config_options
from streamstyle.cli.console import report_to
from streamstyle.cli.media_args import confirm_output
from streamstyle.cli.options import (
    FILE,
    complete_style,
    console_options,
    debug_option,
    device_option,
    grouped_option,
    json_option,
    output_options,
    settings_options,
    threads_option,
)
from streamstyle.errors import EXIT_INTERRUPTED, OutputError, SettingsError, StyleError
from streamstyle.option_values import settings_from
from streamstyle.settings import Device, Settings, StyleSettings
from streamstyle.styles.library import (
    Style,
    all_styles,
    find_style,
    get_style,
    new_style_path,
    thumbnail,
    trained_styles,
)
from streamstyle.styles.spec import parse_style
from streamstyle.train.settings import StyleTrainingSettings

if TYPE_CHECKING:
    from streamstyle.media.images import RgbImage

SCHEMA = "streamstyle.styles/1"
_sheet_option = grouped_option("Contact sheet")


@click.command(cls=ConfiguredCommand, short_help="List the styles, or stylise an image in each.")
@_sheet_option(
    "--sheet",
    "frame",
    type=FILE,
    metavar="FRAME",
    help="Image to stylise in every style, or a film, of which the frame in the middle is taken; the results are "
    "written to one image.",
)
@_sheet_option(
    "--style",
    "-s",
    "names",
    multiple=True,
    metavar="STYLE",
    help="Use only this style, image or blend; can be repeated.",
    shell_complete=complete_style,
)
@_sheet_option(
    "--height",
    type=click.IntRange(min=64),
    metavar="N",
    default=360,
    show_default=True,
    help="Height of each image on the sheet in pixels.",
)
@output_options("Contact sheet", "Image file to write. Default: FRAME.styles.jpg beside FRAME.")
@settings_options(StyleSettings, "Contact sheet")
@device_option("Contact sheet")
@config_options
@json_option
@debug_option
def styles(
    frame: Path | None,
    names: tuple[str, ...],
    height: int,
    output: Path | None,
    yes: bool,
    device: str,
    as_json: bool,
    **values: Any,
) -> None:
    """List the built-in styles and those trained on this machine; with --sheet, stylise a frame in each of them."""
    if frame is not None:
        output = output or frame.with_name(f"{frame.stem}.styles.jpg")
        confirm_output(output, [frame], replace=yes, can_ask=not as_json, is_film=False)
        _write_sheet(frame, names, height, output, settings_from(StyleSettings, values), Device(device))
        click.echo(json.dumps({"schema": SCHEMA, "sheet": str(output)}) if as_json else str(output))
    elif names or output:
        raise SettingsError("--style and --output need --sheet", "Give --sheet FRAME, an image or a film to stylise.")
    else:
        _print_list(as_json)


def _write_sheet(
    frame: Path, requested: tuple[str, ...], height: int, output: Path, settings: StyleSettings, device: Device
) -> None:
    from streamstyle.contact_sheet import contact_sheet, read_picture
    from streamstyle.media.images import encode_image, resize_height

    names = requested or tuple(style.name for style in all_styles())
    if output.suffix.lower() not in (".jpg", ".jpeg", ".png", ".webp"):
        raise OutputError(f"{output} is not the name of an image", "Give a name that ends in .jpg, .png or .webp.")
    picture = resize_height(read_picture(frame), height)
    sheet = contact_sheet(picture, [(parse_style(name), _style_thumbnail(name)) for name in names], settings, device)
    try:
        output.write_bytes(encode_image(sheet, output.suffix))
    except OSError as error:
        raise OutputError(f"{output} cannot be written ({error.strerror})", "Give another with -o.") from error


def _style_thumbnail(name: str) -> RgbImage | None:
    """Return a small version of the style image; None for a blend."""
    from streamstyle.media.images import decode_image, read_image

    style = find_style(name) if "," not in name and ":" not in name else None
    if style is not None:
        return decode_image(thumbnail(style) or b"")
    return read_image(Path(name)) if Path(name).is_file() else None


def _print_list(as_json: bool) -> None:
    found = all_styles()
    if as_json:
        for style in found:
            click.echo(json.dumps(_to_json(style), ensure_ascii=False))
        return
    width = max((len(style.name) for style in found), default=0)
    for heading, builtin in (("built in", True), ("trained here", False)):
        rows = [_list_row(style, width) for style in found if style.builtin is builtin]
        if rows:
            click.echo("\n".join([click.style(heading, bold=True), *rows, ""]))
    click.echo("Any image is a style, too: streamstyle run MOVIE --style IMAGE")
    click.echo("One frame in every style: streamstyle styles --sheet FRAME")


def _list_row(style: Style, width: int) -> str:
    about = ", ".join(part for part in (style.title, style.artist) if part)
    return f"  {style.name:<{width}}  {about}".rstrip()


def _to_json(style: Style) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": style.name,
        "title": style.title,
        "artist": style.artist,
        "builtin": style.builtin,
        "path": str(style.path),
    }


_style_option = grouped_option("Style")
_START_HELP = "Style to start from, `style-predictor` for the style predicted from the image, or `noise`."


@click.command(cls=ConfiguredCommand, short_help="Train a network for the style of an image.")
@click.argument("image", type=FILE)
@_style_option("--name", metavar="NAME", help="Name of the style. Default: the name of the image.")
@_style_option("--start", metavar="STYLE", default="style-predictor", show_default=True, help=_START_HELP)
@output_options("Style", "Weights file to write instead of a style in the library.")
@settings_options(StyleTrainingSettings, "Training")
@device_option("Training")
@threads_option("Training")
@config_options
@console_options
def learn(
    image: Path,
    name: str | None,
    output: Path | None,
    start: str,
    yes: bool,
    device: str,
    threads: int,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> int:
    """Train a network for the style of IMAGE and add it to the library. IMAGE can be the name of a style, too.

    An image that has been learned is trained again only with --yes. The same command resumes the training.
    """
    settings = settings_from(StyleTrainingSettings, values)
    machine = Settings(device=Device(device), threads=threads)
    from streamstyle.gpu.device import set_threads
    from streamstyle.train.style import StartFrom, train_style

    image = image if image.exists() else get_style(str(image)).path
    start_from = StartFrom(start) if start in set(StartFrom) else get_style(start).path
    weights = output or _library_path(image, name, train_again=yes)
    if output is not None:
        confirm_output(output, [image], replace=yes, can_ask=not as_json, is_film=False)
    with report_to(as_json, quiet) as (observe, stop):
        set_threads(machine.threads)
        completed = train_style(image, weights, settings, machine.device, observe, stop, start_from)
    return 0 if completed else EXIT_INTERRUPTED


def _library_path(image: Path, name: str | None, *, train_again: bool) -> Path:
    from streamstyle.styles.style_image import style_image_digest

    digest = style_image_digest(image)
    existing = next((style for style in trained_styles() if style.image_sha256 == digest), None)
    if existing is None:
        return new_style_path(image, name, digest)
    if not train_again:
        raise StyleError(
            f"{image} has been learned, as the style {existing.name}", "Use it, or give -y to train it again."
        )
    return existing.path
