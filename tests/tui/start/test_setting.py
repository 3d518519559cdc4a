from __future__ import annotations

import click
import pytest

from streamstyle.commands.run import run
from streamstyle.settings import Method
from streamstyle.tui.start.setting import SETTINGS, settings_in_message


def test_there_is_a_field_for_every_option_that_is_a_setting() -> None:
    options = {parameter.name: parameter for parameter in run.params if isinstance(parameter, click.Option)}
    for name, setting in SETTINGS.items():
        assert options[name].opts == [setting.flag]
        assert setting.help in (options[name].help or "")
    apart = {
        "style",
        "output",
        "yes",
        "restart",
        "sample",
        "part",
        "dry_run",
        "quiet",
        "as_json",
        "run_folder",
        "debug",
    }
    assert set(options) - apart == set(SETTINGS)


@pytest.mark.parametrize("method", list(Method))
def test_every_method_has_a_sentence_of_its_own(method: Method) -> None:
    said = SETTINGS["method"].choice_help(method)
    assert said
    assert ":" not in said


def test_what_the_help_says_nothing_about_has_all_of_it() -> None:
    assert SETTINGS["crf"].choice_help("18") == SETTINGS["crf"].help


def test_a_message_names_its_fields() -> None:
    assert settings_in_message("--temporal-weight and --pixel-weight cannot be both 0") == [
        "temporal_weight",
        "pixel_weight",
    ]
    assert settings_in_message("--style-scale cannot be 9") == ["style_scale"]
