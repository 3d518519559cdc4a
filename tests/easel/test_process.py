"""The process as a screen sees it: questions in, answers out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.films import flat, pan, png, texture, write_film

STILL = {"width": 40, "height": 40, "detail": False, "draft": True}


class Easel:
    """Asks, and waits for the answers."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {"TMPDIR": str(folder)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamstyle.easel"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self.number = 0

    def ask(self, ask: str, **question: Any) -> int:
        assert self.process.stdin is not None
        self.number += 1
        print(json.dumps({"number": self.number, "ask": ask, **question}), file=self.process.stdin, flush=True)
        return self.number

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def answer(self, ask: str, **question: Any) -> dict[str, Any]:
        self.ask(ask, **question)
        said = self.hear()
        assert said["number"] == self.number
        return said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("easel")


@pytest.fixture(scope="module")
def easel(folder: Path) -> Iterator[Easel]:
    """One process for all of these tests, as a screen has one."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("DATA", "CACHE", "STATE", "CONFIG"):
            patched.setenv(f"XDG_{name}_HOME", str(folder / "home" / name.lower()))
        easel = Easel(folder)
    yield easel
    assert easel.process.stdin is not None
    easel.process.stdin.close()
    assert easel.process.wait(20) == 0
    assert not list(folder.glob("streamstyle-*")), "what was tried is still on the disk"


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return write_film(folder / "film.mp4", pan(frames=40).frames, audio=True)


def test_styles_come_with_small_pictures(easel: Easel) -> None:
    styles = easel.answer("styles", width=10, height=6)["answer"]["styles"]
    assert "wave" in [style["name"] for style in styles]
    assert all((style["picture"]["width"], style["picture"]["height"]) == (10, 6) for style in styles)


def test_a_film_is_known_and_shown_and_painted(easel: Easel, film: Path) -> None:
    assert easel.answer("film", path=str(film))["answer"]["frames"] == 40
    answer = easel.answer("still", arguments=[str(film), "--style", "wave"], time=0.4, **STILL)["answer"]
    assert (answer["source"]["width"], answer["source"]["height"]) == (40, 27)
    assert answer["source"]["pixels"] != answer["painted"]["pixels"]
    assert not answer["draft"], "a film as small as this is painted as it will be at once"


def test_what_a_run_would_refuse_is_refused(easel: Easel, film: Path, folder: Path) -> None:
    broken = folder / "broken.mp4"
    broken.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    words = folder / "words.jpg"
    words.write_text("no image")
    refusals = [
        easel.answer("film", path=str(broken)),
        easel.answer("film", path=str(folder / "gone.mp4")),
        easel.answer("image", path=str(words), width=8, height=8),
        easel.answer("check", arguments=[str(film), "--style", "wave", "--codec", "libx26"]),
        easel.answer("check", arguments=[str(film), "--style", "wave", "-o", str(film)]),
        easel.answer("still", arguments=[str(film), "--style", str(words)], time=0, **STILL),
    ]
    codes = [said["refused"]["exit_code"] for said in refusals]
    assert codes == [3, 3, 5, 2, 4, 5]
    assert all(said["refused"]["problem"] and said["refused"]["next_step"] for said in refusals)


def test_a_film_that_vanishes_is_refused_though_it_was_known(easel: Easel, folder: Path) -> None:
    film = write_film(folder / "fleeting.mp4", flat((9, 9, 9), 5))
    question = {"arguments": [str(film), "--style", "wave"], "time": 0, **STILL}
    assert "answer" in easel.answer("still", **question)
    film.unlink()
    assert easel.answer("still", **question)["refused"]["exit_code"] == 3


def test_an_image_is_a_style(easel: Easel, film: Path, folder: Path) -> None:
    image = folder / "image.png"
    image.write_bytes(png(texture(64, 64)))
    assert easel.answer("image", path=str(image), width=8, height=4)["answer"]["picture"]["width"] == 8
    assert "answer" in easel.answer("still", arguments=[str(film), "--style", str(image)], time=0, **STILL)


def test_a_check_says_where_the_painting_goes_and_what_stays_behind(easel: Easel, film: Path) -> None:
    found = easel.answer("check", arguments=[str(film), "--style", "wave", "--sample", "0.8"])["answer"]
    assert (found["output"], found["exists"], found["frames"]) == (str(film.with_name("film.wave.mkv")), False, 20)
    assert found["warnings"] == []


def test_the_cost_is_said_frame_by_frame_until_it_is_known(easel: Easel, film: Path) -> None:
    easel.ask("cost", arguments=[str(film), "--style", "wave", "--method", "live"])
    said = [easel.hear()]
    while said[-1].get("so_far"):
        said.append(easel.hear())
    tried = [each["answer"]["tried"] for each in said]
    assert tried[:9] == [*range(1, 10)]
    assert tried[-1] == tried[-2], "the last word is about all of them"
    last = said[-1]["answer"]
    assert last["seconds"] == pytest.approx(40 * last["seconds_per_frame"])
    assert 1000 < last["bytes"] < 1_000_000


def test_another_cost_ends_the_trial_before(easel: Easel, film: Path) -> None:
    arguments = [str(film), "--style", "wave", "--method", "live"]
    first = easel.ask("cost", arguments=arguments)
    while easel.hear()["answer"]["tried"] < 2:
        pass
    second = easel.ask("cost", arguments=[*arguments, "--crf", "30"])
    said = [easel.hear()]
    while said[-1].get("so_far") or said[-1]["number"] != second:
        said.append(easel.hear())
    ended = [each["answer"] for each in said if each["number"] == first and not each.get("so_far")]
    assert ended[0]["tried"] < 9
    assert ended[0]["bytes"] is None
