from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click
import pytest

from streamstyle import __version__
from streamstyle.cli.main import cli, exit_code
from streamstyle.errors import FilmError
from tests.films import pan, write_film

pytestmark = pytest.mark.usefixtures("home")

COMMANDS = [
    [],
    ["run"],
    ["runs"],
    ["stop"],
    ["demo"],
    ["styles"],
    ["learn"],
    ["measure"],
    ["compare"],
    ["doctor"],
    ["train"],
    ["train", "loss-network"],
]

HEAVY = ("torch", "cv2", "av", "numpy", "textual", "rich", "safetensors", "hypothesis")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "pan.mp4", pan(frames=4).frames)


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def failed(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on standard error, where nothing was printed on standard output."""
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("streamstyle: error: ")
    assert said.err.count("\n") == 1
    return said.err


def test_help_imports_nothing_heavy() -> None:
    calls = "; ".join(f"exit_code({[*command, '--help']})" for command in COMMANDS)
    done = python(
        f"import sys; from streamstyle.cli.main import exit_code; {calls}; exit_code(['--version'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    assert done.stderr == "[]\n"
    assert done.returncode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--help", "-h"):
        assert exit_code([*command, flag]) == 0
        assert capsys.readouterr().out.startswith(" ".join(["Usage: streamstyle", *command]))


@pytest.mark.parametrize("group", [[], ["train"]], ids=" ".join)
def test_nothing_but_the_name_shows_what_there_is(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(group) == 2
    said = capsys.readouterr().err
    assert said.startswith(" ".join(["Usage: streamstyle", *group]))
    assert "error" not in said


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("run --me", "--method"), ("run a.mkv --style tu", "turner_nantes"), ("run a.mkv --style my", "my"), ("", "stop")],
)
def test_a_shell_can_complete(
    typed: str, offered: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = f"streamstyle {typed}"
    monkeypatch.setenv("_STREAMSTYLE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    with pytest.raises(SystemExit, match="0"):
        exit_code([])
    assert offered in [line.partition(",")[2] for line in capsys.readouterr().out.splitlines()]


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--version"]) == 0
    assert capsys.readouterr().out == f"streamstyle {__version__}\n"


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streamstyle", "run", "--stile", "wave"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--style" in done.stderr
    assert "`streamstyle run --help`" in done.stderr


def test_an_unknown_style_is_answered_with_the_nearest_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "film.mp4", "--style", "wvae"]) == 5
    said = failed(capsys)
    assert "wvae" in said
    assert "Did you mean wave" in said


def test_an_image_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "film.mp4", "--style", "picture.jpg"]) == 5
    assert "picture.jpg" in failed(capsys)
    assert exit_code(["learn", "picture.jpg"]) == 5
    assert "picture.jpg" in failed(capsys)


def test_a_value_that_cannot_work_is_refused_by_name(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option, value in (("--crf", "99"), ("--iterations", "-1"), ("--size", "8x8"), ("--sample", "0")):
        assert exit_code(["run", str(film), "--style", "wave", option, value]) == 2
        assert option in failed(capsys)
    assert exit_code(["run", str(film), "--style", "wave", "--sample", "1s", "--range", "0-1"]) == 2
    assert "--sample and --range" in failed(capsys)


def test_a_film_that_is_none_has_its_own_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.mp4").write_text("dear all")
    for name in ("letter.mp4", "gone.mp4"):
        assert exit_code(["run", str(tmp_path / name), "--style", "wave"]) == 3
        assert name in failed(capsys)


def test_what_is_there_already_is_never_replaced_unasked(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = film.with_name("pan.wave.mkv")
    output.write_text("precious")
    assert exit_code(["run", str(film), "--style", "wave"]) == 4
    assert "-y" in failed(capsys)
    assert exit_code(["run", str(film), "--style", "wave", "-y", "-o", str(film)]) == 4
    assert exit_code(["run", str(film), "--style", "wave", "-o", str(film.parent / "none" / "out.mkv")]) == 4
    assert output.read_text() == "precious"


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")
@pytest.mark.parametrize("answer", ["n", "y"])
def test_on_a_terminal_replacing_a_file_is_asked_about(tmp_path: Path, answer: str) -> None:
    output = tmp_path / "painted.mkv"
    output.write_text("precious")
    ours, theirs = os.openpty()
    program = "import sys; from pathlib import Path; from streamstyle.cli.media_args import check_output; "
    program += "check_output(Path(sys.argv[1]), None, replace=False, can_ask=True)"
    command = [sys.executable, "-c", program, output]
    with subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=theirs) as running:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        said = b""
        with suppress(OSError):  # the terminal's end, once the program has left it
            while piece := os.read(ours, 4096):
                said += piece
    os.close(ours)
    assert b"exists already. Replace it? [y/N]" in said
    assert running.returncode == (1 if answer == "n" else 0)
    assert (b"OutputError" in said) is (answer == "n")
    assert output.read_text() == "precious"


def test_as_json_an_error_is_an_event_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    cases = {
        5: ["run", "film.mp4", "--style", "wvae", "--json"],
        2: ["run", "--json"],
        3: ["run", "-", "--style", "wave"],
    }
    for code, arguments in cases.items():
        assert exit_code([*arguments, "--json"]) == code
        said = capsys.readouterr()
        event = json.loads(said.out)
        assert (event["schema"], event["event"], event["exit_code"]) == ("streamstyle.events/1", "failed", code)
        assert event["problem"]
        assert said.err == ""


def test_a_fault_of_ours_keeps_its_traceback_out_of_sight(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    @click.option("--debug", is_flag=True, expose_value=False)
    def faulty() -> None:
        raise RuntimeError("the sky is falling")

    monkeypatch.setitem(cli.commands, "faulty", faulty)
    assert exit_code(["faulty"]) == 70
    said = failed(capsys)
    kept = re.search(r"The traceback is in (\S+);", said)
    assert kept is not None
    assert Path(kept[1]).is_relative_to(home)
    assert "in faulty" in Path(kept[1]).read_text()
    assert exit_code(["faulty", "--debug"]) == 70
    assert "in faulty" in capsys.readouterr().err


def test_an_error_under_debug_shows_where_it_came_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    @click.option("--debug", is_flag=True, expose_value=False)
    def refused() -> None:
        raise FilmError("a.mp4 is no film", "Give a film")

    monkeypatch.setitem(cli.commands, "refused", refused)
    assert exit_code(["refused", "--debug"]) == 3
    said = capsys.readouterr().err
    assert "in refused" in said
    assert said.endswith("streamstyle: error: a.mp4 is no film. Give a film\n")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-m", "streamstyle", "styles"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        assert writer.stderr.read() == b""


def test_styles_lists_the_built_in_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["styles", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"wave", "starry_night", "composition_vii"} <= {style["name"] for style in listed}
    assert all(style["builtin"] and style["title"] and style["artist"] for style in listed)
    assert exit_code(["styles"]) == 0
    assert "Hokusai" in capsys.readouterr().out
