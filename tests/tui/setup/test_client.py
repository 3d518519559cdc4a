from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from streamstyle.tui.setup.client import PreviewClient, Reply
from tests.tui.setup.fake_preview_server import main as fake_easel

COMMAND = (sys.executable, "-m", fake_easel.__module__)


def run_client(
    act: Callable[[PreviewClient, list[Reply]], Awaitable[None]], command: tuple[str, ...] = COMMAND
) -> list[Reply]:
    """What is answered during an act."""
    answers: list[Reply] = []

    async def run() -> None:
        easel = PreviewClient(answers.append, command)
        easel.open()
        await asyncio.wait_for(act(easel, answers), 30)
        await asyncio.wait_for(easel.close(), 30)

    asyncio.run(run())
    return answers


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_of_a_flood_of_questions_the_newest_is_answered() -> None:
    async def act(easel: PreviewClient, answers: list[Reply]) -> None:
        for number in range(100):
            easel.request("preview", path=f"moment {number}")
        await until(lambda: answers and answers[-1].result["heard"] == "moment 99")

    assert len(run_client(act)) <= 2


def test_questions_of_another_kind_do_not_wait() -> None:
    async def act(easel: PreviewClient, answers: list[Reply]) -> None:
        easel.request("estimate", path="slow")
        easel.request("preview", path="quick")
        await until(lambda: any(answer.ask == "preview" for answer in answers))

    assert {answer.ask for answer in run_client(act)} >= {"preview"}


def test_a_cost_that_another_has_overtaken_is_not_told() -> None:
    async def act(easel: PreviewClient, answers: list[Reply]) -> None:
        easel.request("estimate", path="one")
        await until(lambda: answers)
        easel.request("estimate", path="two")
        await until(lambda: len(answers) == 2)

    answers = run_client(act)
    assert [answer.question["path"] for answer in answers] == ["one", "two"]
    assert all(answer.partial for answer in answers)


def test_what_was_asked_when_the_process_died_is_refused_and_the_next_question_begins_another() -> None:
    async def act(easel: PreviewClient, answers: list[Reply]) -> None:
        easel.request("video", path="die")
        await until(lambda: answers)
        easel.request("video", path="film.mp4")
        await until(lambda: len(answers) == 2)

    died, answered = run_client(act)
    assert died.error is not None
    assert "has died (exit code -9)" in died.error.problem
    assert answered.result == {"heard": "film.mp4"}


def test_a_process_that_cannot_begin_is_a_refusal() -> None:
    async def act(easel: PreviewClient, answers: list[Reply]) -> None:
        easel.request("video", path="film.mp4")
        await until(lambda: answers)

    (answer,) = run_client(act, (sys.executable, "-c", "raise SystemExit(3)"))
    assert answer.error is not None
    assert "exit code 3" in answer.error.problem


@pytest.mark.parametrize("after", [0.0, 0.001, 0.01, 0.1])
@pytest.mark.filterwarnings("error")
def test_nothing_is_left_of_the_process_however_soon_the_screen_is_left(after: float) -> None:
    async def act(easel: PreviewClient, answers: list[Reply]) -> None:
        easel.request("video", path="film.mp4")
        await asyncio.sleep(after)

    run_client(act)
    gc.collect()
    assert not psutil.Process().children()


def test_where_no_log_can_be_kept_films_are_read_all_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")

    async def act(easel: PreviewClient, answers: list[Reply]) -> None:
        easel.request("video", path="film.mp4")
        await until(lambda: answers)

    (answer,) = run_client(act)
    assert answer.result == {"heard": "film.mp4"}
