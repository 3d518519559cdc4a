"""Command line options that derive from the settings, one for each field that has a help text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import click
from click.shell_completion import CompletionItem

from streamstyle.option_values import NUMBERS, SIZE, click_type, parse_range, parse_seconds, plain_type
from streamstyle.runs.status import active_runs
from streamstyle.settings import Device, Settings
from streamstyle.styles.library import all_styles

_METAVARS = {int: "N", float: "X", str: "NAME", Path: "PATH", SIZE: "WxH", NUMBERS: "N,…"}

FILE = click.Path(path_type=Path)
STYLE_HELP = "A style's name, any image, a .safetensors file, or a blend; see `streamstyle run --help`."

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that knows under which heading of the help it stands."""

    def __init__(self, *arguments: Any, heading: str = "Options", **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.heading = heading


class GroupedCommand(click.Command):
    """A command whose help shows its options under headings, in the order they were declared."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each heading, and last the options without."""
        sections: dict[str, list[tuple[str, str]]] = {}
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        for option in sorted(options, key=lambda option: not isinstance(option, GroupedOption)):
            record = option.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(option, "heading", "Other"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records, col_max=26)


def settings_options(settings: type[Any], heading: str) -> Callable[[Decorated], Decorated]:
    """Decorate a command with one option for each field of a settings dataclass that has a help text."""

    def decorate(command: Decorated) -> Decorated:
        hints = get_type_hints(settings)
        for field in reversed(fields(settings)):
            if "help" in field.metadata:
                command = _field_option(field, hints[field.name], heading)(command)
        return command

    return decorate


def _field_option(field: Field[Any], annotation: Any, heading: str) -> Callable[[Decorated], Decorated]:
    default = None if field.default is MISSING else field.default
    return click.option(
        f"--{field.name.replace('_', '-')}",
        field.name,
        cls=GroupedOption,
        heading=heading,
        type=None if annotation is bool else click_type(annotation),
        is_flag=annotation is bool,
        required=field.default is MISSING,
        metavar=_METAVARS.get(plain_type(annotation)),
        default=str(default) if isinstance(default, StrEnum) else default,
        help=field.metadata["help"] + _default_text(default),
    )


def _default_text(default: Any) -> str:
    if default is None or default is False or default == "":
        return ""
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    return f"  [default: {default:g}]" if isinstance(default, float) else f"  [default: {default}]"


def grouped_option(heading: str) -> Callable[..., Callable[[Decorated], Decorated]]:
    """Return what `click.option` is, for options that stand under a heading of the help."""
    return partial(click.option, cls=GroupedOption, heading=heading)


def device_option(heading: str) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--device`, as the settings of a run have it."""
    device = next(field for field in fields(Settings) if field.name == "device")
    return _field_option(device, Device, heading)


def output_options(
    heading: str, help: str, *, required: bool = False, restart: bool = False
) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--output` and `--yes`, and with `--restart` where an earlier run can be resumed."""
    option = grouped_option(heading)
    options = [
        option("--output", "-o", type=FILE, required=required, help=help),
        option("--yes", "-y", is_flag=True, help="Replace the output if it exists."),
    ]
    if restart:
        options.append(option("--restart", is_flag=True, help="Start from the first frame, even if a run can resume."))
    return combine(options)


def time_range_options(heading: str) -> Callable[[Decorated], Decorated]:
    """Decorate a command with `--sample` and `--range`, of which one can be given."""
    option = grouped_option(heading)
    return combine(
        [
            option(
                "--sample", type=parse_seconds, metavar="TIME", help="Only this much of the film's middle, such as 10s."
            ),
            option(
                "--range", "part", type=parse_range, metavar="A-B", help="Only this range, in seconds or [HH:]MM:SS."
            ),
        ]
    )


_output_option = grouped_option("Console output")

json_option = _output_option("--json", "as_json", is_flag=True, help="Print JSON Lines on standard output.")
"""Decorates a command with `--json`."""

quiet_option = _output_option("--quiet", "-q", is_flag=True, help="Print warnings and errors only.")
"""Decorates a command with `--quiet`."""

debug_option = _output_option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
"""Decorates a command with `--debug`, which `main` looks for."""


def console_options(command: Decorated) -> Decorated:
    """Decorate a command with `--quiet`, `--json` and `--debug`."""
    return combine([quiet_option, json_option, debug_option])(command)


def combine(decorators: Sequence[Callable[[Decorated], Decorated]]) -> Callable[[Decorated], Decorated]:
    """Return a decorator that applies several; the help lists their options in this order."""

    def decorate(command: Decorated) -> Decorated:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def complete_style(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the styles whose names start with `incomplete`; if none does, complete a file name."""
    names = [style.name for style in all_styles() if style.name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def complete_run(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the runs that go on, by their numbers."""
    return [
        CompletionItem(run.name, help=f"{run.state} {Path(run.video).name}")
        for run in active_runs()
        if run.name.startswith(incomplete)
    ]
