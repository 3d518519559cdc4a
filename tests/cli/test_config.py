"""The config file: what counts for more, what its errors say, and what is recorded of it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from streamstyle.cli.config import TABLES, ConfiguredCommand, config_path, merge_defaults
from streamstyle.cli.config_command import EXAMPLE
from streamstyle.cli.main import cli, exit_code
from streamstyle.cli.run_arguments import RunArguments, parse_run_arguments
from streamstyle.files import state_folder
from streamstyle.settings import EncoderSettings, Method, Settings
from tests.films import pan, write_film
from tests.video_io import random_style

pytestmark = pytest.mark.usefixtures("home")


def configure(text: str) -> Path:
    """Write the user's config file."""
    config_path().parent.mkdir(parents=True, exist_ok=True)
    config_path().write_text(text, encoding="utf-8")
    return config_path()


def parse(*options: str) -> RunArguments:
    return parse_run_arguments(["film.mkv", *options])


def read_error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the error of a command that does not begin."""
    assert exit_code(list(arguments)) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    return printed.err.removeprefix("streamstyle: error: ").strip()


def test_the_file_has_the_defaults_of_a_run(tmp_path: Path) -> None:
    style = random_style(tmp_path)
    configure(
        f"""[run]
        style = "{style}"
        height = 480
        strength = 0.5
        lookback = [1, 2]
        preserve_colour = true
        tone = false
        sample = "1m"
        """
    )
    parsed = parse()
    assert parsed.blend.name == style.stem
    assert parsed.settings.source.height == 480
    assert parsed.settings.style.strength == 0.5
    assert parsed.settings.consistency.lookback == (1, 2)
    assert parsed.settings.style.preserve_colour
    assert parsed.sample == 60
    assert parse("--strength", "0.7").settings.style.strength == 0.7
    assert parse("--no-config", "--style", "wave").settings == Settings()


def test_another_file_takes_the_place_of_the_users(tmp_path: Path) -> None:
    configure("[run]\nstyle = 'wave'\ncrf = 30")
    other = tmp_path / "other.toml"
    other.write_text("[run]\nstyle = 'wave'")
    assert parse().settings.encoder.crf == 30
    assert parse("--config", str(other)).settings.encoder == EncoderSettings()


def test_a_path_may_begin_with_the_home_folder(home: Path) -> None:
    configure("[run]\nstyle = 'wave'\noutput = '~/out.mkv'")
    assert parse().find_output(None) == home / "out.mkv"


@pytest.mark.parametrize(
    ("typed", "file", "merged"),
    [
        ({}, {"method": "johnson"}, {"method": "johnson"}),
        ({"method": "live"}, {"method": "johnson"}, {"method": "johnson"}),  # click prefers what is typed
        ({}, {"quality": "draft"}, {"method": "live", "max_height": 360, "preset": "veryfast"}),
        ({}, {"quality": "draft", "preset": "fast"}, {"method": "live", "max_height": 360, "preset": "fast"}),
        ({"quality": "best"}, {"quality": "draft"}, {"method": "consistent", "preset": "slow"}),
        ({"quality": "best"}, {"height": "360", "crf": "20"}, {"method": "consistent", "preset": "slow", "crf": "20"}),
        ({"purpose": "archive"}, {"codec": "libx265", "pix_fmt": "yuv420p"}, {"codec": "ffv1"}),
        (
            {"purpose": "web"},
            {"quality": "draft"},
            {"method": "live", "max_height": 360}
            | {"codec": "libx264", "crf": 20, "preset": "slow", "pix_fmt": "yuv420p", "faststart": True},
        ),
        ({"height": "720"}, {"size": "640x360", "max_height": "480"}, {}),
        ({"time_range": "1-2"}, {"sample": "10s"}, {}),
        ({"quality": "nonsense"}, {"method": "live"}, {}),
    ],
)
def test_what_is_typed_counts_for_more(typed: dict[str, Any], file: dict[str, Any], merged: dict[str, Any]) -> None:
    found = merge_defaults(typed, file)
    assert {name: value for name, value in found.items() if name not in ("quality", "purpose")} == merged


def test_a_quality_of_the_file_counts_for_less_than_its_options_and_a_typed_one_for_more() -> None:
    configure("[run]\nstyle = 'wave'\nquality = 'draft'\nheight = 240\nmethod = 'johnson'")
    assert (parse().settings.consistency.method, parse().settings.source.height) == (Method.johnson, 240)
    best = parse("--quality", "best").settings
    assert (best.consistency.method, best.source.height) == (Method.consistent, None)


def test_a_run_is_recorded_with_what_the_file_adds(tmp_path: Path) -> None:
    film, style = write_film(tmp_path / "film.mp4", pan(frames=3).frames), random_style(tmp_path)
    configure("[run]\nquality = 'draft'\nfor = 'web'\nmethod = 'johnson'\ncrf = 30")
    assert exit_code(["run", str(film), "-s", str(style), "--quality", "balanced", "--crf", "25"]) == 0
    (record,) = (state_folder() / "runs").glob("*/run.json")
    command = json.loads(record.read_text())["command"]
    configure("")
    again = parse_run_arguments(command[1:]).settings
    assert again.consistency.method is Method.live
    assert again.encoder == EncoderSettings(crf=25, preset="faster", pix_fmt="yuv420p", faststart=True)
    assert again.source.max_height is None


@pytest.mark.parametrize(
    ("text", "problem", "next_step"),
    [
        ("[run]\n\nstrenght = 0.5", "line 3: `streamstyle run` has no option strenght", "Did you mean strength?"),
        ("[run]\nzzz = 1", "line 2: `streamstyle run` has no option zzz", "See `streamstyle run --help`."),
        ("[runn]\nstrength = 1", "line 1: there is no table [runn]", "Did you mean run?"),
        ("strength = 1", "line 1: strength is in no table", "Put it below one, such as [run]."),
        ("[run]\nstrength = 7", "line 2: --strength cannot be 7", "Give 0 to 1."),
        ("[run]\nmethod = 'jonson'", "line 2: method: 'jonson' is not one of", ""),
        ("[run]\nheight = 1.5", "line 2: height: '1.5' is not a valid integer", ""),
        ("[run]\nsize = 'big'", "line 2: size: 'big' is not a size", "Give width and height in pixels"),
        ("[run]\nlookback = [2, 3]", "line 2: --lookback cannot be 2,3", "Give 1 or rising numbers"),
        ("[run]\ntone = 'yes'", "line 2: tone cannot be 'yes'", "Give true or false."),
        ("[run]\ncrf = true", "line 2: crf cannot be True", "Give it as after the option, in quotes."),
        ("[run]\nyes = true", "line 2: yes cannot be a default", "Type --yes where it is wanted."),
        ("[run]\nheight = 100\nsize = '64x64'", "line 2: --height cannot be 100", "Give --size or --height, not both."),
        ("[run]\nmovie = 'a.mkv'", "line 2: `streamstyle run` has no option movie", ""),
        ("[run", "is no TOML", "--no-config leaves it out."),
    ],
)
def test_an_error_names_file_line_and_key(
    capsys: pytest.CaptureFixture[str], text: str, problem: str, next_step: str
) -> None:
    path = configure(text)
    printed = read_error(capsys, "run", "film.mkv", "-s", "wave")
    assert re.match(rf"{re.escape(str(path))}(, {re.escape(problem)}| {re.escape(problem)})", printed)
    assert next_step in printed
    assert exit_code(["run", "film.mkv", "-s", "wave", "--no-config"]) == 3  # there is no such film


def test_a_file_that_cannot_be_read_is_an_error_where_it_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no config file" in read_error(capsys, "run", "a.mkv", "-s", "wave", "--config", "none.toml")
    assert "cannot be read" in read_error(capsys, "run", "a.mkv", "-s", "wave", "--config", str(tmp_path))
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    assert "UTF-8" in read_error(capsys, "run", "a.mkv", "-s", "wave", "--config", str(tmp_path / "latin.toml"))


def test_help_and_commands_without_a_table_read_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    configure("[run")
    for arguments in (["run", "--help"], ["runs"], ["help", "compare"]):
        assert exit_code(arguments) == 0


def test_every_command_with_a_table_has_both_options() -> None:
    configured = {name for name, command in cli.commands.items() if isinstance(command, ConfiguredCommand)}
    assert configured == {*TABLES, "tui"}
    for name in configured:
        flags = {flag for parameter in cli.commands[name].params for flag in parameter.opts}
        assert {"--config", "--no-config"} <= flags


def test_config_prints_the_path_and_checks_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["config"]) == 0
    assert capsys.readouterr() == (
        f"{config_path()}\n",
        "streamstyle: there is no such file yet; --example prints one\n",
    )
    configure("[upscale]\nfactor = 9")
    assert exit_code(["config"]) == 2
    assert "line 2: factor" in capsys.readouterr().err


def test_every_line_of_the_example_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["config", "--example"]) == 0
    assert capsys.readouterr().out == EXAMPLE
    assert all(not table for table in tomllib.loads(EXAMPLE).values())
    configure(re.sub(r"^# (?=[\w-]+ = )", "", EXAMPLE, flags=re.M))
    assert exit_code(["config"]) == 0
    assert set(tomllib.loads(config_path().read_text())) == set(TABLES)
    assert isinstance(cli.commands["run"], click.Command)
