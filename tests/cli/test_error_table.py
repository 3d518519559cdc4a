"""Every kind of error: one line that names the problem and the next step, and the exit code of the table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from streamstyle.cli.main import exit_code
from streamstyle.models.style_net import SEPARABLE, StyleNet
from streamstyle.models.weights import save_weights, style_metadata
from tests.films import pan, write_film
from tests.media.test_images import write_png

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film, and with files of every kind that is refused."""
    folder = tmp_path_factory.mktemp("errors")
    write_film(folder / "film.mp4", pan(frames=3).frames)
    (folder / "empty.mp4").touch()
    (folder / "nothing").mkdir()
    (folder / "notes.mp4").write_text("Dear diary, this is not a film.\n" * 50)
    (folder / "cut.mp4").write_bytes((folder / "film.mp4").read_bytes()[:600])
    (folder / "exists.mkv").write_bytes(b"a film of somebody's own")
    os.mkfifo(folder / "pipe.mp4")
    (folder / "notes.jpg").write_text("Dear diary, this is not a picture.")
    (folder / "notes.safetensors").write_text("Dear diary, these are no weights.")
    write_png(folder / "bomb.png", 33_000, 33_000)
    write_png(folder / "strip.png", 60_000, 1)
    network = StyleNet(SEPARABLE)
    save_weights(folder / "whole.safetensors", network, style_metadata(network))
    (folder / "half.safetensors").write_bytes((folder / "whole.safetensors").read_bytes()[:200_000])
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] = float("nan")
    save_weights(folder / "nan.safetensors", network, style_metadata(network))
    save_weights(folder / "huge.safetensors", network, {"kind": "style", "network": '{"blocks": 100000}'})
    save_weights(folder / "deep.safetensors", network, {"kind": "style", "network": "[" * 100_000})
    return folder


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


RUN = "run film.mp4 -o new.mkv --method johnson --height 32 --style"

TABLE = {
    2: [
        "run",
        "run film.mp4 --stile wave",
        "nonsense",
        f"{RUN} wave --strength 3",
        f"{RUN} wave --range 5-2",
        f"{RUN} wave --method none",
        "styles --style wave",
        "stop 1",
    ],
    3: [
        "run none.mp4 --style wave",
        "run nothing --style wave",
        "run empty.mp4 --style wave",
        "run notes.mp4 --style wave",
        "run cut.mp4 --style wave",
        "run pipe.mp4 --style wave",
        "run /dev/zero --style wave",
        f"{RUN} wave --range 60-70",
        "upscale notes.mp4",
        "compare notes.mp4 --style wave",
        "measure notes.mp4 --source film.mp4",
    ],
    4: [
        "run film.mp4 --style wave -o nowhere/new.mkv",
        "run film.mp4 --style wave -o exists.mkv",
        "run film.mp4 --style wave -y -o film.mp4",
        "run film.mp4 --style wave -o new.nothing",
        "styles --sheet strip.png -o new.nothing",
    ],
    5: [
        f"{RUN} wavy",
        f"{RUN} none.jpg",
        f"{RUN} notes.jpg",
        f"{RUN} bomb.png",
        f"{RUN} strip.png",
        f"{RUN} wave:0",
        f"{RUN} none.safetensors",
        f"{RUN} notes.safetensors",
        f"{RUN} half.safetensors",
        f"{RUN} nan.safetensors",
        f"{RUN} huge.safetensors",
        f"{RUN} deep.safetensors",
        f"{RUN} wave:0.5,whole.safetensors:0.5",
        f"{RUN} wave --method consistent --loss-network none.safetensors",
        f"{RUN} wave --method consistent --loss-network half.safetensors",
        f"{RUN} wave --method consistent --loss-network whole.safetensors",
        f"{RUN} whole.safetensors --method ruder",
        "styles --sheet bomb.png -o new.jpg",
        "learn none.jpg",
        "learn pipe.mp4",
        "learn bomb.png",
    ],
}
"""Command lines by the exit code that they end with."""

COMMANDS = [(code, command) for code, commands in TABLE.items() for command in commands]


@pytest.mark.parametrize(("code", "command"), COMMANDS, ids=[command for _, command in COMMANDS])
def test_every_kind_of_error_is_one_line_and_the_exit_code_of_the_table(
    folder: Path, capsys: pytest.CaptureFixture[str], code: int, command: str
) -> None:
    before = sorted(folder.iterdir())
    assert exit_code(command.split()) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("streamstyle: error: ")
    problem, _, next_step = line.partition(". ")
    assert problem
    assert next_step.rstrip(".`?")
    assert sorted(folder.iterdir()) == before


def test_the_same_errors_are_one_json_object(capfd: pytest.CaptureFixture[str]) -> None:
    for code, command in COMMANDS[:: len(COMMANDS) // 8]:
        if command.startswith("run "):
            assert exit_code([*command.split(), "--json"]) == code
            printed = capfd.readouterr()
            (line,) = printed.out.splitlines()
            event = json.loads(line)
            assert (event["event"], event["exit_code"]) == ("failed", code)
            assert event["problem"]
            assert event["next_step"]
            assert printed.err == ""


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_device_that_is_not_there_is_exit_code_6(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(f"{RUN} wave --device cuda".split()) == 6
    assert capsys.readouterr().err.count("\n") == 1


def _raise(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), 6, "not enough memory. Close other programs, or use a smaller --size."),
        (OSError(28, "No space left on device", "x.csv"), 4, "nothing more can be written to x.csv"),
        (ZeroDivisionError("a bug\nof two lines"), 70, "internal error, ZeroDivisionError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=repr,
)
def test_errors_that_show_anywhere_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    monkeypatch.setattr("streamstyle.cli.run_arguments.parse_style", _raise(error))
    assert exit_code(f"{RUN} wave".split()) == code
    (line,) = filter(None, capsys.readouterr().err.splitlines())  # click ends the line of ^C
    assert words in line


def test_an_internal_error_without_a_folder_for_its_traceback_is_that_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("streamstyle.cli.run_arguments.parse_style", _raise(ZeroDivisionError("a bug")))
    for name in ("HOME", *(f"XDG_{name}_HOME" for name in ("CACHE", "DATA", "STATE", "CONFIG"))):
        monkeypatch.setenv(name, "/dev/null/nothing")
    monkeypatch.setattr("tempfile.tempdir", "/dev/null/nothing")
    assert exit_code(f"{RUN} wave".split()) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "streamstyle: error: internal error, ZeroDivisionError: a bug. --debug prints the traceback."
