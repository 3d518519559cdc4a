"""The clock leaves out pauses; a stage's time is that of its own work."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from threading import Thread

from streamstyle.timing import PausableClock, StageTimer


def test_a_paused_clock_stands_still() -> None:
    clock = PausableClock()
    with clock.paused():
        time.sleep(0.05)
    assert clock.seconds < 0.04


def test_time_counts_for_the_innermost_stage_only() -> None:
    def slow(items: Iterable[int], seconds: float) -> Iterator[int]:
        for item in items:
            time.sleep(seconds)
            yield item

    timer = StageTimer()
    inner = timer.measure_iter("inner", slow(range(3), 0.03))
    assert list(timer.measure_iter("outer", slow(inner, 0.01))) == [0, 1, 2]
    assert 0.09 <= timer.seconds["inner"] < 0.2
    assert 0.03 <= timer.seconds["outer"] < timer.seconds["inner"]


def test_threads_measure_their_own_time() -> None:
    timer = StageTimer()

    def decode() -> None:
        with timer.measure("decode"):
            time.sleep(0.06)

    thread = Thread(target=decode)
    with timer.measure("encode"):
        thread.start()
        thread.join()
    assert 0.05 <= timer.seconds["decode"] < 0.2
    assert 0.05 <= timer.seconds["encode"] < 0.2
