from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from streamstyle import __version__
from streamstyle.__main__ import main
from streamstyle.cli.main import cli, exit_code
from streamstyle.cli.train import train
from streamstyle.errors import VideoError
from tests.films import pan, write_film

pytestmark = pytest.mark.usefixtures("home")

COMMANDS = [[], *([name] for name in cli.commands), *(["train", name] for name in train.commands)]

HEAVY = ("torch", "cv2", "av", "numpy", "textual", "rich", "safetensors", "hypothesis")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "pan.mp4", pan(frames=4).frames)


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)


def read_error(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the error message: one line on standard error, with nothing on standard output."""
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("streamstyle: error: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_help_imports_nothing_heavy() -> None:
    calls = "; ".join(f"exit_code({[*command, '--help']})" for command in COMMANDS)
    done = run_python(
        f"import sys; from streamstyle.cli.main import exit_code; {calls}; exit_code(['--version'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    assert done.stderr == "[]\n"
    assert done.returncode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_a_help_page(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--help", "-h"):
        assert exit_code([*command, flag]) == 0
        assert capsys.readouterr().out.startswith(" ".join(["Usage: streamstyle", *command]))


@pytest.mark.parametrize("group", [[], ["train"]], ids=" ".join)
def test_a_group_without_a_command_prints_its_help(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(group) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(" ".join(["Usage: streamstyle", *group]))
    assert "error" not in printed


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("run --me", "--method"),
        ("run a.mkv --style tu", "turner_nantes"),
        ("run a.mkv --style my", "my"),
        ("", "stop"),
        ("run a.mkv -s wave:2,tu", "wave:2,turner_nantes"),
        ("help comp", "compare"),
        ("run a.mkv --codec libx26", "libx265"),
        ("run a.mkv --codec pro", "prores_ks"),
        ("run a.mkv --preset very", "veryfast"),
        ("run a.mkv --pix-fmt yuv420p1", "yuv420p10le"),
        ("run a.mkv --quality b", "balanced"),
    ],
)
def test_shell_completion_offers_commands_options_styles_and_files(
    typed: str, offered: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"streamstyle {typed}"
    monkeypatch.setenv("_STREAMSTYLE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
    with pytest.raises(SystemExit, match="0"):
        exit_code([])
    assert offered in [line.partition(",")[2] for line in capsys.readouterr().out.splitlines()]


def test_help_prints_what_the_option_does(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ([], ["run"], ["train", "upscaler"]):
        assert exit_code(["help", *command]) == 0
        printed = capsys.readouterr().out
        assert exit_code([*command, "--help"]) == 0
        assert printed == capsys.readouterr().out
    assert exit_code(["help", "rum"]) == 2
    assert "rum" in read_error(capsys)


def test_version_prints_the_version_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--version"]) == 0
    assert capsys.readouterr().out == f"streamstyle {__version__}\n"


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streamstyle", "run", "--stile", "wave"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--style" in done.stderr
    assert "`streamstyle run --help`" in done.stderr


def test_advice_of_a_usage_error_follows_its_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "film.mp4", "--style", "wave", "--size", "640"]) == 2
    assert "is not a size. Give width and height in pixels, such as 640x360. See `" in read_error(capsys)
    assert exit_code(["run", "film.mp4", "--stile", "wave"]) == 2
    assert "?. " not in read_error(capsys)


def test_an_unknown_style_is_answered_with_similar_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "film.mp4", "--style", "wvae"]) == 5
    printed = read_error(capsys)
    assert "wvae" in printed
    assert "Did you mean wave" in printed


def test_a_style_image_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "film.mp4", "--style", "missing.jpg"]) == 5
    assert "missing.jpg" in read_error(capsys)


def test_an_invalid_value_is_reported_with_its_option(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option, value in (("--crf", "99"), ("--iterations", "-1"), ("--size", "8x8"), ("--sample", "0")):
        assert exit_code(["run", str(film), "--style", "wave", option, value]) == 2
        assert option in read_error(capsys)
    assert exit_code(["run", str(film), "--style", "wave", "--sample", "1s", "--range", "0-1"]) == 2
    assert "--sample and --range" in read_error(capsys)


def test_a_file_that_is_not_a_film_ends_with_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    for name in ("text.mp4", "missing.mp4"):
        assert exit_code(["run", str(tmp_path / name), "--style", "wave"]) == 3
        assert name in read_error(capsys)


def test_an_existing_output_is_never_replaced_without_request(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = film.with_name("pan.wave.mkv")
    output.write_text("precious")
    assert exit_code(["run", str(film), "--style", "wave"]) == 4
    assert "-y" in read_error(capsys)
    assert exit_code(["run", str(film), "--style", "wave", "-y", "-o", str(film)]) == 4
    assert exit_code(["run", str(film), "--style", "wave", "-o", str(film.parent / "missing" / "out.mkv")]) == 4
    assert output.read_text() == "precious"


def test_with_json_an_error_is_an_event_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    cases = {
        5: ["run", "film.mp4", "--style", "wvae"],
        2: ["run"],
        3: ["run", ".", "--style", "wave"],
    }
    for code, arguments in cases.items():
        assert exit_code([*arguments, "--json"]) == code
        printed = capsys.readouterr()
        event = json.loads(printed.out)
        assert (event["schema"], event["event"], event["exit_code"]) == ("streamstyle.events/1", "failed", code)
        assert event["problem"]
        assert printed.err == ""


def test_an_internal_error_writes_its_traceback_to_a_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    @click.option("--debug", is_flag=True, expose_value=False)
    def crash() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setitem(cli.commands, "crash", crash)
    assert exit_code(["crash"]) == 70
    printed = read_error(capsys)
    found = re.search(r"The traceback is in (\S+);", printed)
    assert found is not None
    assert Path(found[1]).is_relative_to(home)
    assert "in crash" in Path(found[1]).read_text()
    assert exit_code(["crash", "--debug"]) == 70
    assert "in crash" in capsys.readouterr().err


def test_debug_prints_the_traceback_of_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    @click.option("--debug", is_flag=True, expose_value=False)
    def fail() -> None:
        raise VideoError("a.mp4 is not a film", "Give a film")

    monkeypatch.setitem(cli.commands, "fail", fail)
    assert exit_code(["fail", "--debug"]) == 3
    printed = capsys.readouterr().err
    assert "in fail" in printed
    assert printed.endswith("streamstyle: error: a.mp4 is not a film. Give a film\n")


def test_a_closed_standard_output_is_not_an_error() -> None:
    command = [sys.executable, "-m", "streamstyle", "styles"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        assert writer.stderr.read() == b""


def test_ctrl_c_while_the_program_is_loaded_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(ModuleType):
        def __getattr__(self, name: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "streamstyle.cli.main", Interrupted("streamstyle.cli.main"))
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr() == ("", "")
