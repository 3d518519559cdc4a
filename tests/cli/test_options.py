from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from streamstyle.cli.options import GroupedCommand, settings_options
from streamstyle.cli.run import run
from streamstyle.cli.styles import learn
from streamstyle.errors import SettingsError
from streamstyle.option_values import settings_from
from streamstyle.settings import (
    ConsistencySettings,
    EncoderSettings,
    FlowPreset,
    FlowSettings,
    Init,
    Method,
    RuderSettings,
    Settings,
    SourceSettings,
)
from streamstyle.train.settings import StyleTrainingSettings, UpscalerTrainingSettings

RUN_SETTINGS = (SourceSettings, FlowSettings, ConsistencySettings, RuderSettings, EncoderSettings, Settings)


@pytest.mark.parametrize(
    ("command", "settings"), [*((run, settings) for settings in RUN_SETTINGS), (learn, StyleTrainingSettings)]
)
def test_every_setting_with_a_help_text_is_an_option(command: click.Command, settings: type[Any]) -> None:
    options = {parameter.name: parameter for parameter in command.params if isinstance(parameter, click.Option)}
    for field in fields(settings):
        if "help" in field.metadata:
            option = options[field.name]
            assert option.opts == [f"--{field.name.replace('_', '-')}"]
            assert option.default == field.default or field.default is None
            assert field.metadata["help"] in (option.help or "")


def parse(settings: type[Any], *arguments: str) -> Any:
    """Return the settings made from the arguments, or the output of the command for `--help` and usage errors."""
    parsed: list[Any] = []

    @click.command(cls=GroupedCommand)
    @settings_options(settings, "Heading")
    def command(**values: Any) -> None:
        parsed.append(settings_from(settings, values))

    result = CliRunner().invoke(command, arguments)
    assert not result.exception or isinstance(result.exception, SystemExit | SettingsError), result.exception
    if isinstance(result.exception, SettingsError):
        raise result.exception
    return parsed[0] if parsed else result.output


@pytest.mark.parametrize("settings", [*RUN_SETTINGS[:-1], StyleTrainingSettings])
def test_without_options_the_settings_are_the_defaults(settings: type[Any]) -> None:
    assert parse(settings) == settings()


def test_option_values_have_the_types_of_the_settings() -> None:
    assert parse(SourceSettings, "--size", "640x360").size == (640, 360)
    assert parse(SourceSettings, "--height", "360").height == 360
    assert parse(FlowSettings, "--flow", "medium").flow is FlowPreset.medium
    assert parse(ConsistencySettings, "--method", "LIVE").method is Method.live
    assert parse(ConsistencySettings, "--pixel-weight", "0").pixel_weight == 0.0
    assert parse(ConsistencySettings, "--loss-network", "vgg.safetensors").loss_network == Path("vgg.safetensors")
    assert parse(ConsistencySettings, "--lookback", "1,2,4").lookback == (1, 2, 4)
    assert parse(RuderSettings, "--init", "previous-warped").init is Init.previous_warped
    assert parse(StyleTrainingSettings, "--minutes", "2.5").minutes == 2.5


def test_an_invalid_value_is_named_with_a_valid_one() -> None:
    assert "johnson" in parse(ConsistencySettings, "--method", "jonson")
    assert "640x360" in parse(SourceSettings, "--size", "big")
    with pytest.raises(SettingsError, match="--crf cannot be 99"):
        parse(EncoderSettings, "--crf", "99")
    with pytest.raises(SettingsError, match="--style-image-weight cannot be -1"):
        parse(RuderSettings, "--style-image-weight", "-1")
    for lookback in ("2,4", "1,4,2", "1,1", "1,100", "-1"):
        with pytest.raises(SettingsError, match=f"--lookback cannot be {lookback}"):
            parse(ConsistencySettings, "--lookback", lookback)
    assert "1,2,4" in parse(ConsistencySettings, "--lookback", "all")
    with pytest.raises(SettingsError, match="--iterations cannot be 0"):
        parse(ConsistencySettings, "--method", "ruder", "--iterations", "0")


def test_help_shows_options_under_headings_with_their_defaults() -> None:
    text = " ".join(parse(FlowSettings, "--help").split())
    assert "Heading:" in text
    assert f"[default: {FlowSettings().flow}]" in text
    assert f"[default: {FlowSettings().flow_cache:g}]" in text
    assert text.index("Heading:") < text.index("Other:")


def test_a_setting_without_a_default_is_a_required_option() -> None:
    assert "Missing option '--photos'" in parse(UpscalerTrainingSettings, "--paintings", "folder")
