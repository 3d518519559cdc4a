"""Orders of the head are carried out where a piece is painted, after a frame."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Any, cast

import pytest

from streamstyle.cluster import order_sender, orders
from streamstyle.cluster.order_sender import OrderSender
from streamstyle.cluster.orders import Orders
from streamstyle.job import FrameContext


def frame(frames: int) -> FrameContext:
    return cast("FrameContext", frames)


def test_a_view_is_of_the_frame_after_its_order() -> None:
    given = Orders()
    given.carry_out(frame(1))
    assert given.show(lambda context: f"frame {context}") is None
    given.carry_out(frame(2))
    given.carry_out(frame(3))
    assert given.show(str) == "frame 2"
    assert given.show(str) is None


def test_a_pause_ends_when_it_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "PAUSE_SECONDS", 0.3)
    given = Orders()
    began = time.monotonic()
    given.pause(paused=True)
    given.carry_out(frame(1))
    assert time.monotonic() - began > 0.25


def test_a_pause_ends_with_the_run_and_when_it_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    given, ended, waited = Orders(), threading.Event(), list[bool]()

    def wait(seconds: float) -> bool:
        waited.append(ended.wait(0))
        assert len(waited) == 1, "the pause goes on"
        return waited[-1]

    monkeypatch.setattr(given.stop, "set", ended.set)
    monkeypatch.setattr(given.stop, "wait", wait)
    given.pause(paused=True)
    given.pause(paused=False)
    given.carry_out(frame(1))
    assert waited == []
    given.pause(paused=True)
    given.end()
    given.carry_out(frame(2))
    assert waited == [True]


def test_nothing_is_kept_of_a_run_that_has_ended() -> None:
    given = Orders()
    given.show(str)
    given.carry_out(frame(1))
    given.end()
    assert given.show(str) is None


class Engine:
    """Stands for the engine: answers of workers, which may never come."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, Future[dict[str, Any]]]] = []

    def __call__(self, client: object, function: Any, run: str, argument: Any, **where: Any) -> Future[dict[str, Any]]:
        future = Future[dict[str, Any]]()
        self.asked.append((function.__name__, where.get("workers", argument), future))
        return future


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(order_sender, "ask_workers", asked := Engine())
    return asked


def test_what_a_worker_has_shown_comes_with_a_later_order(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = OrderSender(cast("Any", None), "run", lambda pieces: f"worker of {min(pieces)}" if pieces else None)
    assert sender.show(str) is None
    assert engine.asked == []
    sender.pieces = {3, 4}
    assert sender.show(str) is None
    assert sender.show(str) is None  # it has not answered
    ((function, workers, future),) = engine.asked
    assert (function, workers) == ("show_frame", ["worker of 3"])
    future.set_result({"worker of 3": "a picture"})
    assert sender.show(str) == "a picture"
    engine.asked[-1][-1].set_result({"worker of 3": OSError("gone")})
    assert sender.show(str) is None
    monkeypatch.setattr(order_sender, "_ANSWER_SECONDS", -1.0)
    engine.asked[-1][-1].set_result({})
    assert sender.show(str) is None
    assert sender.show(str) is None  # a worker that is frozen is asked again
    assert len(engine.asked) == 5


def test_a_pause_is_repeated_before_it_ends(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = OrderSender(cast("Any", None), "run", lambda pieces: None)
    for now in (100.0, 101.0, 103.0):
        monkeypatch.setattr(order_sender.time, "monotonic", lambda now=now: now)
        sender.pause(paused=True)
    sender.pause(paused=False)
    assert [paused for _, paused, _ in engine.asked] == [True, True, False]
