"""From what is typed after `--methods` to methods with their settings."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from streamstyle.cli.options import settings_options
from streamstyle.errors import SettingsError
from streamstyle.option_values import settings_from
from streamstyle.settings import ConsistencySettings, FlowSettings, Method, RuderSettings, Settings, StyleSettings

if TYPE_CHECKING:
    from streamstyle.compare.method_runs import MethodSpec

_SEPARATOR = re.compile(r",(?!\s*\d)")
"""A comma between methods; before a number it is one of an option's, as in `lookback=1,2,4`."""

MAX_METHODS = 8
"""Methods that can be compared at once: with the source they fill three rows of three."""


@click.command(add_help_option=False)
@settings_options(ConsistencySettings, "Method")
@settings_options(RuderSettings, "Method")
@settings_options(StyleSettings, "Method")
@settings_options(FlowSettings, "Method")
def _method_parser(**values: Any) -> None:
    """Everything that can be said of a method: the options of `run` by their names."""


def parse_methods(text: str, settings: Settings) -> list[MethodSpec]:
    """Return the methods meant by METHOD[:option=value…],…; what is not said of one is as in `settings`.

    Raises SettingsError where a method or an option is none, or a value cannot work.
    """
    texts = [part.strip() for part in _SEPARATOR.split(text) if part.strip()]
    twice = next((part for part in texts if texts.count(part) > 1), None)
    if twice is not None:
        raise SettingsError(f"--methods names {twice} twice", "Name each once.")
    if not 1 <= len(texts) <= MAX_METHODS:
        raise SettingsError(f"--methods names {len(texts)} methods", f"Name 1 to {MAX_METHODS}, separated by commas.")
    return [_parse_method(part, settings) for part in texts]


def _parse_method(text: str, settings: Settings) -> MethodSpec:
    from streamstyle.compare.method_runs import MethodSpec

    name, *options = text.split(":")
    if name not in set(Method):
        raise SettingsError(f"--methods cannot be {name}", f"Give one of {', '.join(Method)}.")
    given = _parse_options(text, [f"--method={name}", *(f"--{option}" for option in options)])
    made = replace(
        settings,
        consistency=settings_from(ConsistencySettings, _merge(settings.consistency, given)),
        ruder=settings_from(RuderSettings, _merge(settings.ruder, given)),
        style=settings_from(StyleSettings, _merge(settings.style, given)),
        flow=settings_from(FlowSettings, _merge(settings.flow, given)),
    )
    return MethodSpec(text, made)


def _parse_options(text: str, arguments: list[str]) -> dict[str, Any]:
    """Return the values of the options that were typed, and of no others."""
    try:
        context = _method_parser.make_context(text, arguments)
    except click.UsageError as error:
        problem = error.format_message().rstrip(".")
        raise SettingsError(f"--methods {text}: {problem}", "Options have the names that `run` has them by.") from error
    typed = (name for name in context.params if _is_from_command_line(context, name))
    return {name: context.params[name] for name in typed}


def _is_from_command_line(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _merge(settings: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return all values of one stage's settings, those that were typed over the others."""
    return {name: given.get(name, getattr(settings, name)) for name in settings.__dataclass_fields__}
