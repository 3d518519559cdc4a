"""`streamstyle styles`: what there is to paint in."""

from __future__ import annotations

import json

import click

from streamstyle.library import Style, all_styles
from streamstyle.terminal.options import GroupedCommand, debug_option, json_option

SCHEMA = "streamstyle.styles/1"


@click.command(cls=GroupedCommand, short_help="List the styles there are.")
@json_option
@debug_option
def styles(as_json: bool) -> None:
    """List the styles there are: those built in, and those learned on this machine."""
    found = all_styles()
    if as_json:
        for style in found:
            click.echo(json.dumps(_as_json(style), ensure_ascii=False))
        return
    width = max((len(style.name) for style in found), default=0)
    for heading, builtin in (("built in", True), ("learned here", False)):
        rows = [_row(style, width) for style in found if style.builtin is builtin]
        if rows:
            click.echo("\n".join([click.style(heading, bold=True), *rows, ""]))
    click.echo("Any picture makes another: streamstyle run MOVIE --style PICTURE, or streamstyle learn PICTURE")


def _row(style: Style, width: int) -> str:
    about = ", ".join(part for part in (style.title, style.artist) if part)
    return f"  {style.name:<{width}}  {about}".rstrip()


def _as_json(style: Style) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": style.name,
        "title": style.title,
        "artist": style.artist,
        "builtin": style.builtin,
        "path": str(style.path),
    }
