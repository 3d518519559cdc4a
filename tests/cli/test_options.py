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
from streamstyle.train.settings import StyleTrainingSettings

OF_A_RUN = (SourceSettings, FlowSettings, ConsistencySettings, RuderSettings, EncoderSettings, Settings)


@pytest.mark.parametrize(
    ("command", "settings"), [*((run, settings) for settings in OF_A_RUN), (learn, StyleTrainingSettings)]
)
def test_every_setting_with_a_help_text_is_an_option_with_its_default(
    command: click.Command, settings: type[Any]
) -> None:
    options = {parameter.name: parameter for parameter in command.params if isinstance(parameter, click.Option)}
    for field in fields(settings):
        if "help" in field.metadata:
            option = options[field.name]
            assert option.opts == [f"--{field.name.replace('_', '-')}"]
            assert option.default == field.default or field.default is None
            assert field.metadata["help"] in (option.help or "")


def parsed(settings: type[Any], *arguments: str) -> Any:
    """The settings that a command with their options makes of some arguments."""
    kept = []

    @click.command(cls=GroupedCommand)
    @settings_options(settings, "Heading")
    def command(**values: Any) -> None:
        kept.append(settings_from(settings, values))

    result = CliRunner().invoke(command, arguments)
    assert not result.exception or isinstance(result.exception, SystemExit | SettingsError), result.exception
    if isinstance(result.exception, SettingsError):
        raise result.exception
    return kept[0] if kept else result.output


@pytest.mark.parametrize("settings", [*OF_A_RUN[:-1], StyleTrainingSettings])
def test_without_options_the_settings_are_the_defaults(settings: type[Any]) -> None:
    assert parsed(settings) == settings()


def test_options_become_values_of_the_settings_types() -> None:
    assert parsed(SourceSettings, "--size", "640x360").size == (640, 360)
    assert parsed(SourceSettings, "--height", "360").height == 360
    assert parsed(FlowSettings, "--flow", "medium").flow is FlowPreset.medium
    assert parsed(ConsistencySettings, "--method", "LIVE").method is Method.live
    assert parsed(ConsistencySettings, "--pixel-weight", "0").pixel_weight == 0.0
    assert parsed(ConsistencySettings, "--loss-network", "vgg.safetensors").loss_network == Path("vgg.safetensors")
    assert parsed(ConsistencySettings, "--lookback", "1,2,4").lookback == (1, 2, 4)
    assert parsed(RuderSettings, "--init", "previous-warped").init is Init.previous_warped
    assert parsed(StyleTrainingSettings, "--minutes", "2.5").minutes == 2.5


def test_what_is_no_such_value_is_refused_with_those_there_are() -> None:
    assert "johnson" in parsed(ConsistencySettings, "--method", "jonson")
    assert "640x360" in parsed(SourceSettings, "--size", "big")
    with pytest.raises(SettingsError, match="--crf cannot be 99"):
        parsed(EncoderSettings, "--crf", "99")
    with pytest.raises(SettingsError, match="--style-image-weight cannot be -1"):
        parsed(RuderSettings, "--style-image-weight", "-1")
    for wrong in ("2,4", "1,4,2", "1,1", "1,100", "-1"):
        with pytest.raises(SettingsError, match=f"--lookback cannot be {wrong}"):
            parsed(ConsistencySettings, "--lookback", wrong)
    assert "1,2,4" in parsed(ConsistencySettings, "--lookback", "all")
    with pytest.raises(SettingsError, match="--iterations cannot be 0"):
        parsed(ConsistencySettings, "--method", "ruder", "--iterations", "0")


def test_the_help_stands_under_headings_with_the_defaults() -> None:
    text = " ".join(parsed(FlowSettings, "--help").split())
    assert "Heading:" in text
    assert f"[default: {FlowSettings().flow}]" in text
    assert f"[default: {FlowSettings().flow_cache:g}]" in text
    assert text.index("Heading:") < text.index("Other:")
