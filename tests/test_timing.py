from __future__ import annotations

import time
from threading import Thread

from streamstyle.timing import PausableClock, StageTimer


def test_a_clock_stands_while_the_work_does() -> None:
    clock = PausableClock()
    with clock.paused():
        time.sleep(0.05)
    assert clock.seconds < 0.04


def test_time_counts_for_the_innermost_stage_alone() -> None:
    def slow(items, seconds):
        for item in items:
            time.sleep(seconds)
            yield item

    stopwatch = StageTimer()
    below = stopwatch.measure_iter("below", slow(range(3), 0.03))
    assert list(stopwatch.measure_iter("above", slow(below, 0.01))) == [0, 1, 2]
    assert 0.09 <= stopwatch.seconds["below"] < 0.2
    assert 0.03 <= stopwatch.seconds["above"] < stopwatch.seconds["below"]


def test_threads_time_their_own_work() -> None:
    stopwatch = StageTimer()

    def paint() -> None:
        with stopwatch.measure("painting"):
            time.sleep(0.06)

    painting = Thread(target=paint)
    with stopwatch.measure("encoding"):
        painting.start()
        painting.join()
    assert 0.05 <= stopwatch.seconds["painting"] < 0.2
    assert 0.05 <= stopwatch.seconds["encoding"] < 0.2
