"""The clock leaves out pauses; a stage's time is that of its own work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from threading import Thread

import pytest

from streamstyle.timing import PausableClock, StageTimer

Pass = Callable[[float], None]


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Pass:
    """Let seconds pass, the only ones that do: on a busy machine those of a real clock would be others."""
    now = 1000.0

    def later(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now)
    return later


def test_a_paused_clock_stands_still(pass_time: Pass) -> None:
    clock = PausableClock()
    pass_time(2)
    with clock.paused():
        pass_time(5)
        assert clock.seconds == 2
    pass_time(1)
    assert clock.seconds == 3


def test_time_counts_for_the_innermost_stage_only(pass_time: Pass) -> None:
    def slow(items: Iterable[int], seconds: float) -> Iterator[int]:
        for item in items:
            pass_time(seconds)
            yield item

    timer = StageTimer()
    inner = timer.measure_iter("inner", slow(range(3), 0.5))
    assert list(timer.measure_iter("outer", slow(inner, 0.25))) == [0, 1, 2]
    assert timer.seconds == {"inner": 1.5, "outer": 0.75}


def test_threads_measure_their_own_time(pass_time: Pass) -> None:
    timer = StageTimer()

    def decode() -> None:
        with timer.measure("decode"):
            pass_time(4)

    thread = Thread(target=decode)
    with timer.measure("encode"):
        thread.start()
        thread.join()
    assert timer.seconds == {"decode": 4, "encode": 4}
