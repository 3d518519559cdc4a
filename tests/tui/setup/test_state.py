from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from streamstyle.cli.run import run
from streamstyle.settings import Method
from streamstyle.tui.setup.state import SETTINGS, SetupState, settings_in_message


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


def parse(choices: SetupState) -> dict[str, object]:
    """What `streamstyle run` makes of the command line shown."""
    words = shlex.split(choices.command_line())
    assert words[:2] == ["streamstyle", "run"]
    return run.make_context("run", words[2:], help_option_names=["-h", "--help"]).params


def test_a_film_and_a_style_are_all_it_takes() -> None:
    assert SetupState(Path("film.mp4"), "wave").command_line() == "streamstyle run film.mp4 --style wave"


def test_before_anything_is_chosen_the_command_line_says_what_is_missing() -> None:
    assert SetupState().command_line() == "streamstyle run MOVIE --style STYLE"


def test_every_choice_is_on_the_command_line_and_means_the_same_there() -> None:
    choices = SetupState(
        Path("-a film's name.mp4"), "wave", "my painting.jpg", "0.25", "--sample", "1:30",
        output="out put.mkv", replace=True,
        settings={"method": "live", "height": "360", "preserve_colour": "yes", "crf": "23"},
    )  # fmt: skip
    values = parse(choices)
    assert values["movie"] == Path("-a film's name.mp4")
    assert values["style"] == "wave:0.75,my painting.jpg:0.25"
    assert (values["sample"], values["part"], values["yes"]) == (90, None, True)
    assert values["output"] == Path("out put.mkv")
    assert (values["method"], values["height"], values["preserve_colour"], values["crf"]) == ("live", 360, True, 23)
    assert choices.errors() == {}


def test_a_home_is_spelt_out_where_no_shell_would() -> None:
    choices = SetupState(Path("film.mp4"), "wave", output="~/a.mkv", settings={"loss_network": "~/vgg.safetensors"})
    values = parse(choices)
    assert values["output"] == Path.home() / "a.mkv"
    assert values["loss_network"] == Path.home() / "vgg.safetensors"


def test_a_range_is_a_range() -> None:
    assert parse(SetupState(Path("film.mp4"), "wave", part="--range", stretch="10-20"))["part"] == (10, 20)


@pytest.mark.parametrize(
    ("choices", "field", "said"),
    [
        (SetupState(settings={"crf": "99"}), "crf", "between 0 and 63"),
        (SetupState(settings={"crf": "much"}), "crf", "integer"),
        (SetupState(settings={"height": "100", "size": "64x64"}), "height", "not both"),
        (SetupState(settings={"strength": "2"}), "strength", "between 0 and 1"),
        (SetupState(settings={"temporal_weight": "0", "pixel_weight": "0"}), "pixel_weight", "one of them"),
        (SetupState(part="--sample", length="soon"), "length", "no time"),
        (SetupState(part="--range", stretch="7"), "stretch", "no part"),
        (SetupState(second="wave", share="1.5"), "share", "between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(choices: SetupState, field: str, said: str) -> None:
    assert said in choices.errors()[field]


def test_a_still_depends_on_the_look_alone() -> None:
    plain = SetupState(Path("film.mp4"), "wave", settings={"strength": "0.5"})
    other = SetupState(
        Path("film.mp4"),
        "wave",
        part="--sample",
        output="x.mkv",
        settings={"strength": "0.5", "crf": "30", "iterations": "9"},
    )
    assert plain.frame_options() == other.frame_options()
