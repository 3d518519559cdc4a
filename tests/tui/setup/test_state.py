from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from streamstyle.cli.run import run
from streamstyle.settings import Method
from streamstyle.tui.setup.state import SETTINGS, SetupState, settings_in_message


def test_every_setting_has_a_field_and_an_option() -> None:
    options = {parameter.name: parameter for parameter in run.params if isinstance(parameter, click.Option)}
    for name, setting in SETTINGS.items():
        assert options[name].opts[0] == setting.flag
        assert setting.help in (options[name].help or "")
    without_field = {
        "style",
        "output",
        "yes",
        "restart",
        "sample",
        "time_range",
        "dry_run",
        "count",
        "adapt",
        "keyframes",
        "script",
        "mask",
        "outside",
        "distribute",
        "purpose",
        "quality",
        "quiet",
        "as_json",
        "run_folder",
        "cluster",
        "piece_length",
        "exact",
        "debug",
        "config",
        "no_config",
        "command",
        "notify",
    }
    assert set(options) - without_field == set(SETTINGS)


@pytest.mark.parametrize("method", list(Method))
def test_every_method_has_its_own_help(method: Method) -> None:
    text = SETTINGS["method"].choice_help(method)
    assert text
    assert ":" not in text


def test_choice_without_its_own_help_has_the_whole_help() -> None:
    assert SETTINGS["crf"].choice_help("18") == SETTINGS["crf"].help


def test_settings_in_a_message_are_found() -> None:
    assert settings_in_message("--temporal-weight and --pixel-weight cannot be both 0") == [
        "temporal_weight",
        "pixel_weight",
    ]
    assert settings_in_message("--style-scale cannot be 9") == ["style_scale"]


def parse(state: SetupState) -> dict[str, object]:
    """The parameters that `streamstyle run` parses from the command line."""
    arguments = shlex.split(state.command_line())
    assert arguments[:2] == ["streamstyle", "run"]
    return run.make_context("run", arguments[2:], help_option_names=["-h", "--help"]).params


def test_command_line_of_a_film_and_a_style() -> None:
    assert SetupState(Path("film.mp4"), "wave").command_line() == "streamstyle run film.mp4 --style wave"


def test_command_line_names_what_is_missing() -> None:
    assert SetupState().command_line() == "streamstyle run MOVIE --style STYLE"


def test_command_line_parses_to_the_same_values() -> None:
    state = SetupState(
        Path("-a film's name.mp4"), "wave", "my painting.jpg", "0.25", "--sample", "1:30",
        output="out put.mkv", replace=True,
        settings={"method": "live", "height": "360", "preserve_colour": "yes", "crf": "23"},
    )  # fmt: skip
    values = parse(state)
    assert values["movies"] == (Path("-a film's name.mp4"),)
    assert values["style"] == "wave:0.75,my painting.jpg:0.25"
    assert (values["sample"], values["time_range"], values["yes"]) == (90, None, True)
    assert values["output"] == Path("out put.mkv")
    assert (values["method"], values["height"], values["preserve_colour"], values["crf"]) == ("live", 360, True, 23)
    assert state.errors() == {}


def test_home_is_expanded_in_paths() -> None:
    state = SetupState(Path("film.mp4"), "wave", output="~/a.mkv", settings={"loss_network": "~/vgg.safetensors"})
    values = parse(state)
    assert values["output"] == Path.home() / "a.mkv"
    assert values["loss_network"] == Path.home() / "vgg.safetensors"


def test_range_is_parsed_by_run() -> None:
    assert parse(SetupState(Path("film.mp4"), "wave", range_option="--range", time_range="10-20"))["time_range"] == (
        10,
        20,
    )


@pytest.mark.parametrize(
    ("state", "field", "message"),
    [
        (SetupState(settings={"crf": "99"}), "crf", "Give 0 to 63"),
        (SetupState(settings={"crf": "much"}), "crf", "integer"),
        (SetupState(settings={"height": "100", "size": "64x64"}), "height", "not both"),
        (SetupState(settings={"strength": "2"}), "strength", "Give 0 to 1"),
        (SetupState(settings={"temporal_weight": "0", "pixel_weight": "0"}), "pixel_weight", "one of them"),
        (SetupState(range_option="--sample", sample_length="soon"), "sample_length", "not a time"),
        (SetupState(range_option="--range", time_range="7"), "time_range", "not a time range"),
        (SetupState(second_style="wave", second_weight="1.5"), "second_weight", "between 0 and 1"),
    ],
)
def test_invalid_state_has_an_error_at_its_field(state: SetupState, field: str, message: str) -> None:
    assert message in state.errors()[field]


def test_frame_state_drops_settings_of_the_whole_run() -> None:
    plain = SetupState(Path("film.mp4"), "wave", settings={"strength": "0.5"})
    other = SetupState(
        Path("film.mp4"),
        "wave",
        range_option="--sample",
        output="x.mkv",
        settings={"strength": "0.5", "crf": "30", "iterations": "9"},
    )
    assert plain.frame_state() == other.frame_state()
