"""What the start screen begins with: the defaults of the config file, each in its field."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from streamstyle.quality import DEFAULT_QUALITY
from streamstyle.tui.setup.directing_state import DIRECTING_FIELDS, Directing
from streamstyle.tui.setup.state import SETTINGS, SetupState, default_texts

FIELDS = frozenset({"style", "sample", "time_range", "output", "quality", "purpose", *SETTINGS, *DIRECTING_FIELDS})
"""Options of `run` that the screen has fields for, or whose meaning is in other fields: `--for`."""

_TWO_STYLES = re.compile(r"(?P<first>[^,]+):(?P<weight>[0-9]*\.?[0-9]+),(?P<second>[^,]+):(?P<other>[0-9]*\.?[0-9]+)")


def initial_state(defaults: Mapping[str, Any], more: Sequence[str] = (), extension: str = "mkv") -> SetupState:
    """Return the state for the defaults of options, by parameter, as typed.

    `more` are arguments without a field, and `extension` is that of outputs without a name.
    """
    texts = {name: _text(value) for name, value in defaults.items()}
    quality = texts.get("quality", DEFAULT_QUALITY)
    usual = {name: SETTINGS[name].parse(text) if text else None for name, text in default_texts(quality).items()}
    settings = {
        name: texts[name]
        for name, setting in SETTINGS.items()
        if name in texts and setting.parse(texts[name]) != usual.get(name, setting.default)
    }
    directing = Directing(**{name: texts[name] for name in DIRECTING_FIELDS if name in texts})
    output = texts.get("output", "" if extension == "mkv" else f"{{folder}}/{{name}}.{extension}")
    state = SetupState(output=output, quality=quality, settings=settings, directing=directing, more=tuple(more))
    if "sample" in texts:
        state = replace(state, range_option="--sample", sample_length=texts["sample"])
    elif "time_range" in texts:
        state = replace(state, range_option="--range", time_range=texts["time_range"])
    return _with_style(state, texts.get("style", ""))


def _with_style(state: SetupState, style: str) -> SetupState:
    """Return the state with a style, or with both styles of a blend of two."""
    match = _TWO_STYLES.fullmatch(style)
    total = float(match["weight"]) + float(match["other"]) if match else 0.0
    if match is None or not total:
        return replace(state, style=style)
    weight = f"{float(match['other']) / total:.3g}"
    return replace(state, style=match["first"], second_style=match["second"], second_weight=weight)


def _text(value: Any) -> str:
    """Return a value as its field has it; empty for a switch that is off."""
    if isinstance(value, (list, tuple)):
        return shlex.join(map(str, value))
    return ("yes" if value else "") if isinstance(value, bool) else str(value)
