from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from streamstyle.tui.setup.client import PreviewClient, Reply
from tests.tui.setup.fake_preview_server import main as fake_server

COMMAND = (sys.executable, "-m", fake_server.__module__)


def run_client(
    steps: Callable[[PreviewClient, list[Reply]], Awaitable[None]], command: tuple[str, ...] = COMMAND
) -> list[Reply]:
    """The replies that arrive during the steps."""
    replies: list[Reply] = []

    async def run() -> None:
        client = PreviewClient(replies.append, command)
        client.open()
        await asyncio.wait_for(steps(client, replies), 30)
        await asyncio.wait_for(client.close(), 30)

    asyncio.run(run())
    return replies


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_newest_of_many_requests_is_answered() -> None:
    async def steps(client: PreviewClient, replies: list[Reply]) -> None:
        for number in range(100):
            client.request("preview", path=f"{number}.mkv")
        await until(lambda: replies and replies[-1].result["echo"] == "99.mkv")

    assert len(run_client(steps)) <= 2


def test_requests_of_another_kind_do_not_wait() -> None:
    async def steps(client: PreviewClient, replies: list[Reply]) -> None:
        client.request("estimate", path="slow")
        client.request("preview", path="quick")
        await until(lambda: any(reply.kind == "preview" for reply in replies))

    assert {reply.kind for reply in run_client(steps)} >= {"preview"}


def test_outdated_estimate_is_dropped() -> None:
    async def steps(client: PreviewClient, replies: list[Reply]) -> None:
        client.request("estimate", path="one")
        await until(lambda: replies)
        client.request("estimate", path="two")
        await until(lambda: len(replies) == 2)

    replies = run_client(steps)
    assert [reply.parameters["path"] for reply in replies] == ["one", "two"]
    assert all(reply.partial for reply in replies)


def test_dead_server_fails_its_requests_and_is_restarted() -> None:
    async def steps(client: PreviewClient, replies: list[Reply]) -> None:
        client.request("video", path="die")
        await until(lambda: replies)
        client.request("video", path="film.mp4")
        await until(lambda: len(replies) == 2)

    died, answered = run_client(steps)
    assert died.error is not None
    assert "has died (exit code -9)" in died.error.problem
    assert answered.result == {"echo": "film.mp4"}


def test_server_that_does_not_start_is_an_error() -> None:
    async def steps(client: PreviewClient, replies: list[Reply]) -> None:
        client.request("video", path="film.mp4")
        await until(lambda: replies)

    (reply,) = run_client(steps, (sys.executable, "-c", "raise SystemExit(3)"))
    assert reply.error is not None
    assert "exit code 3" in reply.error.problem


@pytest.mark.parametrize("after", [0.0, 0.001, 0.01, 0.1])
@pytest.mark.filterwarnings("error")
def test_close_leaves_no_process_behind(after: float) -> None:
    async def steps(client: PreviewClient, replies: list[Reply]) -> None:
        client.request("video", path="film.mp4")
        await asyncio.sleep(after)

    others = psutil.Process().children()  # of other tests, such as multiprocessing's fork server
    run_client(steps)
    gc.collect()
    assert psutil.Process().children() == others


def test_server_runs_without_a_log_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")

    async def steps(client: PreviewClient, replies: list[Reply]) -> None:
        client.request("video", path="film.mp4")
        await until(lambda: replies)

    (reply,) = run_client(steps)
    assert reply.result == {"echo": "film.mp4"}
