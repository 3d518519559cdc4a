"""From what is typed after `--methods` to methods with their settings."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from streamstyle.errors import SettingsError
from streamstyle.settings import ConsistencySettings, FlowSettings, Method, RuderSettings, Settings, StyleSettings
from streamstyle.terminal.options import chosen, settings_options

if TYPE_CHECKING:
    from streamstyle.compare.contender import Contender

_BETWEEN = re.compile(r",(?!\s*\d)")
"""A comma between methods; before a number it is one of an option's, as in `lookback=1,2,4`."""

MOST = 8
"""Methods that can be compared at once: with the source they fill three rows of three."""


@click.command(add_help_option=False)
@settings_options(ConsistencySettings, "Method")
@settings_options(RuderSettings, "Method")
@settings_options(StyleSettings, "Method")
@settings_options(FlowSettings, "Method")
def _method(**values: Any) -> None:
    """Everything that can be said of a method: the options of `run` by their names."""


def wanted_contenders(text: str, settings: Settings) -> list[Contender]:
    """Return the methods meant by METHOD[:option=value…],…; what is not said of one is as in `settings`.

    Raises SettingsError where a method or an option is none, or a value cannot work.
    """
    texts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    twice = next((part for part in texts if texts.count(part) > 1), None)
    if twice is not None:
        raise SettingsError(f"--methods names {twice} twice", "Name each once.")
    if not 1 <= len(texts) <= MOST:
        raise SettingsError(f"--methods names {len(texts)} methods", f"Name 1 to {MOST}, separated by commas.")
    return [_contender(part, settings) for part in texts]


def _contender(text: str, settings: Settings) -> Contender:
    from streamstyle.compare.contender import Contender

    name, *options = text.split(":")
    if name not in set(Method):
        raise SettingsError(f"--methods cannot be {name}", f"Give one of {', '.join(Method)}.")
    given = _given(text, [f"--method={name}", *(f"--{option}" for option in options)])
    made = replace(
        settings,
        consistency=chosen(ConsistencySettings, _over(settings.consistency, given)),
        ruder=chosen(RuderSettings, _over(settings.ruder, given)),
        style=chosen(StyleSettings, _over(settings.style, given)),
        flow=chosen(FlowSettings, _over(settings.flow, given)),
    )
    return Contender(text, made)


def _given(text: str, arguments: list[str]) -> dict[str, Any]:
    """Return the values of the options that were typed, and of no others."""
    try:
        context = _method.make_context(text, arguments)
    except click.UsageError as error:
        problem = error.format_message().rstrip(".")
        raise SettingsError(f"--methods {text}: {problem}", "Options have the names that `run` has them by.") from error
    typed = (name for name in context.params if _was_typed(context, name))
    return {name: context.params[name] for name in typed}


def _was_typed(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _over(settings: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return all values of one stage's settings, those that were typed over the others."""
    return {name: given.get(name, getattr(settings, name)) for name in settings.__dataclass_fields__}
