"""Parses the value of `--methods` into methods with their settings."""

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
"""A comma between methods; before a digit it belongs to an option's value, as in `lookback=1,2,4`."""

MAX_METHODS = 8
"""With the source they fill three rows of three cells."""


@click.command(add_help_option=False)
@settings_options(ConsistencySettings, "Method")
@settings_options(RuderSettings, "Method")
@settings_options(StyleSettings, "Method")
@settings_options(FlowSettings, "Method")
def _method_parser(**values: Any) -> None:
    """The options of `run` that can be given for a method."""


def parse_methods(text: str, settings: Settings) -> list[MethodSpec]:
    """Return the methods of METHOD[:option=value…],…; options that are not given are as in `settings`.

    Raises SettingsError for an unknown method or option, or an invalid value.
    """
    texts = [each.strip() for each in _SEPARATOR.split(text) if each.strip()]
    duplicate = next((each for each in texts if texts.count(each) > 1), None)
    if duplicate is not None:
        raise SettingsError(f"--methods names {duplicate} twice", "Name each once.")
    if not 1 <= len(texts) <= MAX_METHODS:
        raise SettingsError(f"--methods names {len(texts)} methods", f"Name 1 to {MAX_METHODS}, separated by commas.")
    return [_parse_method(each, settings) for each in texts]


def _parse_method(text: str, settings: Settings) -> MethodSpec:
    from streamstyle.compare.method_runs import MethodSpec

    name, *options = text.split(":")
    if name not in set(Method):
        raise SettingsError(f"--methods cannot be {name}", f"Give one of {', '.join(Method)}.")
    given = _parse_options(text, [f"--method={name}", *(f"--{option}" for option in options)])
    method_settings = replace(
        settings,
        consistency=settings_from(ConsistencySettings, _merge(settings.consistency, given)),
        ruder=settings_from(RuderSettings, _merge(settings.ruder, given)),
        style=settings_from(StyleSettings, _merge(settings.style, given)),
        flow=settings_from(FlowSettings, _merge(settings.flow, given)),
    )
    return MethodSpec(text, method_settings)


def _parse_options(text: str, arguments: list[str]) -> dict[str, Any]:
    """Return the values of the options that were given, and of no others."""
    try:
        context = _method_parser.make_context(text, arguments)
    except click.UsageError as error:
        problem = error.format_message().rstrip(".")
        raise SettingsError(f"--methods {text}: {problem}", "Options are named as for `streamstyle run`.") from error
    given = (name for name in context.params if _is_from_command_line(context, name))
    return {name: context.params[name] for name in given}


def _is_from_command_line(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _merge(settings: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return all values of one stage's settings; those given take precedence."""
    return {name: given.get(name, getattr(settings, name)) for name in settings.__dataclass_fields__}
