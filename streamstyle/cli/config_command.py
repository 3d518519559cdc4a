"""`streamstyle config`: where the config file is, whether it can be read, and an example of one."""

from __future__ import annotations

import click

from streamstyle.cli.config import TABLES, config_path, read_config
from streamstyle.cli.options import GroupedCommand, debug_option, grouped_option

EXAMPLE = """\
# Defaults of streamstyle. Keys are the long options of a command without the dashes in front, below a table for each
# command. What is typed counts for more than this file, and this file for more than the built-in defaults.

[run]  # and `streamstyle tui`
# style = "wave"
# quality = "balanced"                       # draft, balanced or best
# for = "archive"                            # web, archive or edit
# output = "{folder}/{name}.{ext}"           # fields: docs/formats.md
# height = 720
# method = "live"
# strength = 0.8
# preserve-colour = true
# lookback = [1, 2, 4]
# codec = "libx265"
# crf = 20
# loss-network = "~/models/vgg16.safetensors"
# device = "auto"
# threads = 4
# flow-cache = 20
# notify = true

[compare]
# methods = "johnson,live"
# sample = "5s"

[learn]
# minutes = 10

[styles]
# style = ["wave", "starry_night"]

[upscale]
# factor = 2

[measure]
# flow-reference = "deepflow"

[demo]
# output = "~/streamstyle-demo"
"""

_EPILOG = """
`streamstyle config --example > FILE` begins a file; every command that reads it has --config FILE and --no-config.
"""


@click.command(cls=GroupedCommand, epilog=_EPILOG, short_help="Print the path of the config file, or an example.")
@grouped_option("Config file")("--example", is_flag=True, help="Print an example, with every line commented out.")
@debug_option
@click.pass_context
def config(ctx: click.Context, example: bool) -> None:
    """Print the path of the file that has the defaults of options, after checking what is in it."""
    if example:
        click.echo(EXAMPLE, nl=False)
        return
    click.echo(str(config_path()))
    file = read_config()
    if file is None:
        click.echo("streamstyle: there is no such file yet; --example prints one", err=True)
        return
    assert ctx.parent is not None
    assert isinstance(ctx.parent.command, click.Group)
    for name in TABLES:
        file.defaults(ctx.parent.command.commands[name])
