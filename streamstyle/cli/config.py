"""The config file: defaults for the options of a command, in TOML, a table for each command.

What counts, most first: options that are typed; `--for` and `--quality` that are typed; options in the file; `for` and
`quality` in the file; the built-in defaults. So the file does not half undo a word that is typed: after `--quality` or
`--for` the file's options that it is about do not count.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from streamstyle.cli.options import Decorated, GroupedCommand, combine, grouped_option
from streamstyle.cli.purposes import preset_options
from streamstyle.errors import SettingsError
from streamstyle.files import config_folder
from streamstyle.option_values import settings_from
from streamstyle.quality import QUALITY_SETTINGS
from streamstyle.settings import EncoderSettings

TABLES = ("run", "demo", "styles", "learn", "upscale", "compare", "measure")
"""Commands that have a table; `[run]` is also that of `tui`."""

_TYPED_ONLY = frozenset(
    {"help", "config", "no-config", "yes", "restart", "dry-run", "count", "run-folder", "json", "debug"}
    | {"script", "mask", "keyframe"}
)
"""Options that are about one run or one film, or that replace files: they are no defaults."""

_EXCLUSIVE = (frozenset({"size", "height", "max_height"}), frozenset({"sample", "time_range"}))
"""Options of which one, typed, takes the place of the others in the file."""

_PRESETS = {
    "quality": QUALITY_SETTINGS,
    "purpose": frozenset(field.name for field in fields(EncoderSettings)),
}
"""Options that stand for several, and what they are about."""


_SKIP = "Correct it; --no-config leaves it out."


_OPTIONS = "streamstyle.options"
"""Key of `click.Context.meta`."""


def config_path() -> Path:
    """Return the path of the user's config file, which need not exist."""
    return config_folder() / "config.toml"


class ConfiguredCommand(GroupedCommand):
    """A command whose options have their defaults in the config file."""

    configured_as: click.Command | None = None
    """The command whose table is read, if it is not this one's own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the file, unless only the help or a completion is wanted, and parse the arguments.

        `ctx.obj`, the command line, gets what the file adds to it, so that it means the same once the file has changed.
        """
        if not ctx.resilient_parsing:
            typed, _, _ = self.make_parser(ctx).parse_args(list(args))
            help_option = self.get_help_option(ctx)
            is_unwanted = typed.get("no_config") or (help_option and help_option.name in typed)
            defaults = {} if is_unwanted else self._read_file(typed.get("config"))
            ctx.default_map = merge_defaults(typed, defaults)
            from_file = {name: value for name, value in ctx.default_map.items() if defaults and name not in typed}
            arguments = ["--no-config", *self.as_arguments(from_file)] if defaults else []
            ctx.obj = [ctx.info_name, *arguments, *args]
            ctx.meta[_OPTIONS] = [ctx.info_name, *arguments, *self.as_arguments(typed)]
        return super().parse_args(ctx, args)

    def _read_file(self, path: str | None) -> dict[str, Any]:
        file = read_config(Path(path) if path is not None else None)
        return file.defaults(self.configured_as or self) if file else {}

    def as_arguments(self, values: Mapping[str, Any]) -> list[str]:
        """Return values of options, by parameter, as they would be typed."""
        arguments: list[str] = []
        for option in self.params:
            if option.name not in values or not isinstance(option, click.Option):
                continue
            value, flag = values[option.name], next(each for each in option.opts if each.startswith("--"))
            if option.is_flag:
                arguments += [flag] if value else []
            else:
                arguments += [word for each in _as_tuple(value) for word in (flag, str(each))]
        return arguments


def option_arguments(ctx: click.Context) -> list[str]:
    """Return the command line, without arguments that are no options, and with what the file adds to it."""
    return list(ctx.meta[_OPTIONS])


def config_options(command: Decorated) -> Decorated:
    """Decorate a command with `--config` and `--no-config`."""
    option = grouped_option("Config file")
    path = click.Path(path_type=Path)
    options = [
        option("--config", type=path, expose_value=False, help="Read this file, not the one of `streamstyle config`."),
        option("--no-config", is_flag=True, expose_value=False, help="Read no config file."),
    ]
    return combine(options)(command)


def merge_defaults(typed: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of options, by parameter, from what is typed and what the file has."""
    presets = (None if name in typed else file.get(name) for name in ("quality", "purpose"))
    displaced = {name for group in _EXCLUSIVE if group & typed.keys() for name in group}
    displaced |= {name for preset, about in _PRESETS.items() if preset in typed for name in about}
    kept = {name: value for name, value in {**preset_options(*presets), **file}.items() if name not in displaced}
    return {**kept, **preset_options(typed.get("quality"), typed.get("purpose"))}


def read_config(path: Path | None = None) -> ConfigFile | None:
    """Return the file at `path`, by default the user's, or None if there is none. Raises SettingsError."""
    import tomllib

    found = config_path() if path is None else path
    try:
        text = found.read_text(encoding="utf-8")
        return ConfigFile(found, text, tomllib.loads(text))
    except (FileNotFoundError, NotADirectoryError) as error:
        if path is None:
            return None
        raise SettingsError(f"there is no config file {found}", "Check the path after --config.") from error
    except OSError as error:
        raise SettingsError(f"{found} cannot be read ({error.strerror})", _SKIP) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{found} is no text in UTF-8", _SKIP) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{found} is no TOML: {error}", _SKIP) from error


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A config file."""

    path: Path
    text: str
    tables: Mapping[str, Any]

    def defaults(self, command: click.Command) -> dict[str, Any]:
        """Return the values in the command's table, by parameter, as typed. SettingsError names file, line and key."""
        for name, table in self.tables.items():
            if not isinstance(table, dict):
                raise self._error("", name, f"{name} is in no table", "Put it below one, such as [run].")
            if name not in TABLES:
                raise self._error(
                    name, "", f"there is no table [{name}]", _suggest(name, TABLES, "streamstyle config --example")
                )
        table = self.tables.get(str(command.name), {})
        options = {_key(flag): option for option in command.params for flag in option.opts if flag.startswith("--")}
        values = {key: self._value(str(command.name), key, value, options) for key, value in table.items()}
        self._check_settings(str(command.name), {key: options[_key(key)] for key in values}, values)
        return {str(options[_key(key)].name): value for key, value in values.items()}

    def _value(self, table: str, key: str, value: Any, options: Mapping[str, click.Parameter]) -> Any:
        """Return what would be typed for a value of the file, checked."""
        option = options.get(_key(key))
        if _key(key) in _TYPED_ONLY:
            raise self._error(table, key, f"{key} cannot be a default", f"Type --{key} where it is wanted.")
        if not isinstance(option, click.Option):
            problem = f"`streamstyle {table}` has no option {key}"
            raise self._error(
                table, key, problem, _suggest(_key(key), options.keys() - _TYPED_ONLY, f"streamstyle {table} --help")
            )
        if option.is_flag:
            if not isinstance(value, bool):
                raise self._error(table, key, f"{key} cannot be {value!r}", "Give true or false.")
            return value
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str | int | float) and not isinstance(part, bool) for part in parts):
            raise self._error(table, key, f"{key} cannot be {value!r}", "Give it as after the option, in quotes.")
        texts = tuple(_expand(str(part)) for part in parts)
        typed = texts if option.multiple else ",".join(texts)
        try:
            option.type_cast_value(click.Context(click.Command(table)), typed)
        except click.BadParameter as error:
            problem, _, advice = error.message.rstrip(".").partition(". ")
            raise self._error(table, key, f"{key}: {problem}", f"{advice}." if advice else _SKIP) from error
        return typed

    def _check_settings(self, table: str, options: Mapping[str, click.Parameter], values: Mapping[str, Any]) -> None:
        """Raise SettingsError for values that no run can have."""
        context = click.Context(click.Command(table))
        for owner in dict.fromkeys(getattr(option, "settings", None) for option in options.values()):
            if owner is None:
                continue
            own = {key: option for key, option in options.items() if getattr(option, "settings", None) is owner}
            given = {str(option.name): option.type_cast_value(context, values[key]) for key, option in own.items()}
            try:
                settings_from(owner, given)
            except SettingsError as error:
                named = (key for key in own if re.search(rf"--{_key(key)}(?![\w-])", error.problem))
                raise self._error(table, next(named, ""), error.problem, error.next_step) from error

    def _error(self, table: str, key: str, problem: str, next_step: str) -> SettingsError:
        line = self._line(table, key)
        return SettingsError(f"{self.path}{f', line {line}' if line else ''}: {problem}", next_step)

    def _line(self, table: str, key: str) -> int | None:
        """Return the line of a key, or of the table's heading without one; None if it is written in another form."""
        current = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if heading := re.match(r"\s*\[\s*\"?([^\]\"]+?)\"?\s*\]", line):
                current = heading[1]
                if not key and current == table:
                    return number
            elif key and current == table and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
                return number
        return None


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _key(name: str) -> str:
    """Return what options and keys are compared by: `style-scale` for `--style-scale` and `style_scale`."""
    return name.lstrip("-").replace("_", "-")


def _expand(text: str) -> str:
    """Return the text with a `~/` in front expanded, which a shell does with what is typed."""
    return str(Path(text).expanduser()) if text.startswith("~/") else text


def _suggest(name: str, known: Iterable[str], command: str) -> str:
    """Return the next step for a name that does not exist."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"Did you mean {near[0]}?" if near else f"See `{command}`."
