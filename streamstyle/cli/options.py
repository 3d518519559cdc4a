"""Command line options: one for each field of a settings dataclass that has a help text, and those commands share.

The options of a command are shown under headings, in the order in which they are declared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import click
from click.shell_completion import CompletionItem

from streamstyle.option_values import NUMBERS, SIZE, click_type, parse_range, parse_seconds, plain_type
from streamstyle.runs.status import active_runs
from streamstyle.settings import EncoderSettings, Settings
from streamstyle.styles.library import all_styles

FILE = click.Path(path_type=Path)
HELP_NAMES = ["-h", "--help"]

_METAVARS = {int: "N", float: "X", str: "NAME", Path: "PATH", SIZE: "WxH", NUMBERS: "N,…", Fraction: "FPS"}
_OTHER_SPELLINGS = {"preserve_colour": ("--preserve-color",)}

_OPTION_COLUMN = 26
"""Characters up to which the column of the options grows."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option with the heading that it stands under in the help, and the settings that it is a field of, if any."""

    def __init__(
        self, *arguments: Any, heading: str = "Options", settings: type[Any] | None = None, **attributes: Any
    ) -> None:
        super().__init__(*arguments, **attributes)
        self.heading, self.settings = heading, settings


class GroupedCommand(click.Command):
    """A command whose help shows its options under headings, those without a heading last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        for option in sorted(options, key=lambda option: not isinstance(option, GroupedOption)):
            record = option.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(option, "heading", "Other"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records, col_max=_OPTION_COLUMN)


class DeclaredOrderGroup(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)


def grouped_option(heading: str) -> Callable[..., Callable[[Decorated], Decorated]]:
    """Return `click.option` for options under a heading of the help."""
    return partial(click.option, cls=GroupedOption, heading=heading)


def combine(decorators: Sequence[Callable[[Decorated], Decorated]]) -> Callable[[Decorated], Decorated]:
    """Return a decorator that applies several; the help lists their options in this order."""

    def decorate(command: Decorated) -> Decorated:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def settings_options(settings: type[Any], heading: str) -> Callable[[Decorated], Decorated]:
    """Decorate a command with one option for each field of a settings dataclass that has a help text."""
    hints = get_type_hints(settings)
    return combine(
        [
            _field_option(settings, field, hints[field.name], heading)
            for field in fields(settings)
            if "help" in field.metadata
        ]
    )


def device_option(heading: str) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--device`, which is also a setting of a run."""
    return _setting_option("device", heading)


def threads_option(heading: str) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--threads`, which is also a setting of a run."""
    return _setting_option("threads", heading)


def _setting_option(name: str, heading: str) -> Callable[[Decorated], Decorated]:
    field = next(field for field in fields(Settings) if field.name == name)
    return _field_option(Settings, field, get_type_hints(Settings)[name], heading)


def _field_option(
    settings: type[Any], field: Field[Any], annotation: Any, heading: str
) -> Callable[[Decorated], Decorated]:
    is_flag, is_required = annotation is bool, field.default is MISSING
    default = None if is_required else field.default
    return grouped_option(heading)(
        f"--{field.name.replace('_', '-')}",
        *_OTHER_SPELLINGS.get(field.name, ()),
        field.name,
        settings=settings,
        type=None if is_flag else click_type(annotation),
        is_flag=is_flag,
        metavar=_METAVARS.get(plain_type(annotation)),
        shell_complete=_COMPLETIONS.get(field.name),
        help=field.metadata["help"] + _default_text(default),
        **_required_or_default(is_required, str(default) if isinstance(default, StrEnum) else default),
    )


def _required_or_default(is_required: bool, default: Any) -> dict[str, Any]:
    """Return the arguments for click; from version 8.3 on, a required option with a default, even None, is optional."""
    return {"required": True} if is_required else {"default": default}


def _default_text(default: Any) -> str:
    if default is None or default is False or default == "":
        return ""
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    return f"  [default: {default:g}]" if isinstance(default, float) else f"  [default: {default}]"


def style_option(
    heading: str, *, required: bool = False, default: str | None = None
) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--style`, one style or a blend of several."""
    return grouped_option(heading)(
        "--style",
        "-s",
        show_default=True,
        metavar="STYLE",
        shell_complete=complete_style,
        help="Name of a style (see `streamstyle styles`), any image, a .safetensors file, or a blend such as "
        "wave:0.6,my.jpg:0.4",
        **_required_or_default(required, default),
    )


def output_options(
    heading: str, help: str, *, required: bool = False, restart: bool = False
) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--output` and `--yes`, and with `--restart` if the command resumes earlier runs."""
    option = grouped_option(heading)
    options = [
        option("--output", "-o", type=FILE, required=required, help=help),
        option("--yes", "-y", is_flag=True, help="Replace the output if it exists."),
    ]
    if restart:
        options.append(option("--restart", is_flag=True, help="Start at the first frame instead of resuming a run."))
    return combine(options)


def time_range_options(heading: str) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--sample` and `--range`, of which only one can be given."""
    option = grouped_option(heading)
    sample_help = "Only this much of the film, from its middle, such as 10s."
    range_help = "Only this time range, in seconds or [HH:]MM:SS; A or B may be omitted."
    return combine(
        [
            option("--sample", type=parse_seconds, metavar="TIME", help=sample_help),
            option("--range", "time_range", type=parse_range, metavar="A-B", help=range_help),
        ]
    )


_console_option = grouped_option("Console output")

json_option = _console_option("--json", "as_json", is_flag=True, help="Print JSON Lines on standard output.")
"""Decorates a command with `--json`."""

quiet_option = _console_option("--quiet", "-q", is_flag=True, help="Print warnings and errors only.")
"""Decorates a command with `--quiet`."""

debug_option = _console_option("--debug", is_flag=True, expose_value=False, help="Print the traceback of an error.")
"""Decorates a command with `--debug`, which `main` reads from the arguments itself."""


def console_options(command: Decorated) -> Decorated:
    """Decorate a command with `--quiet`, `--json` and `--debug`."""
    return combine([quiet_option, json_option, debug_option])(command)


def complete_style(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the styles whose names start with `incomplete`, or with its last part if it is a blend of several.

    If there is none, complete a file name.
    """
    before, comma, part = incomplete.rpartition(",")
    names = [style.name for style in all_styles() if style.name.startswith(part)]
    return [CompletionItem(f"{before}{comma}{name}") for name in names] or [CompletionItem(incomplete, type="file")]


def complete_codec(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the video encoders of this FFmpeg whose names start with `incomplete`, the usual ones first."""
    from streamstyle.media.encoders import encoder_names

    return [CompletionItem(name) for name in encoder_names(incomplete)]


def complete_preset(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the presets that start with `incomplete`."""
    from streamstyle.media.encoders import PRESETS

    return [CompletionItem(name) for name in PRESETS if name.startswith(incomplete)]


def complete_pix_fmt(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the pixel formats that start with `incomplete` and that the encoder typed before takes."""
    from streamstyle.media.encoders import pixel_formats

    codec = ctx.params.get("codec") or EncoderSettings().codec
    return [CompletionItem(name) for name in pixel_formats(codec) if name.startswith(incomplete)]


_COMPLETIONS = {"codec": complete_codec, "preset": complete_preset, "pix_fmt": complete_pix_fmt}
"""Of options by the names of their settings."""


def complete_run(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of the active runs that start with `incomplete`."""
    return [
        CompletionItem(run.name, help=f"{run.state} {Path(run.video).name}")
        for run in active_runs()
        if run.name.startswith(incomplete)
    ]
