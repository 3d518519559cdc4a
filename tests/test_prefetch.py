"""Prefetched items arrive in order, bounded in number, with their errors, and no thread is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from streamstyle.prefetch import prefetch


def prefetch_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("streamstyle")]


def becomes_true(condition) -> bool:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_results_come_in_the_order_of_the_items() -> None:
    def slow_when_even(number: int) -> int:
        time.sleep(0.004 if number % 2 == 0 else 0)
        return number * number

    with prefetch(range(40), slow_when_even, workers=4, ahead=8) as results:
        assert list(results) == [n * n for n in range(40)]


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_than_ahead_items_are_drawn_and_not_consumed(ahead: int) -> None:
    drawn = 0

    def counted() -> Iterator[int]:
        nonlocal drawn
        for number in range(20):
            drawn += 1
            yield number

    with prefetch(counted(), lambda n: n, workers=2, ahead=ahead) as results:
        for taken in range(1, 6):
            assert next(results) == taken - 1
            assert becomes_true(lambda: drawn == taken + ahead)  # noqa: B023
            time.sleep(0.02)
            assert drawn == taken + ahead


def test_work_runs_while_earlier_results_are_used() -> None:
    started = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            started.set()
        return number

    with prefetch(range(3), work, workers=1, ahead=2) as results:
        assert next(results) == 0
        assert started.wait(60)


def test_an_error_in_the_work_comes_in_place_of_its_result() -> None:
    def refuse_three(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    with prefetch(range(10), refuse_three, workers=2, ahead=4) as results:
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="three"):
            next(results)
    assert prefetch_threads() == []


def test_an_error_in_the_items_comes_after_the_results_before_it() -> None:
    def breaks() -> Iterator[int]:
        yield 0
        yield 1
        raise OSError("disk failure")

    with prefetch(breaks(), lambda n: n, workers=1, ahead=4) as results:
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(OSError, match="disk failure"):
            next(results)


def test_an_error_on_closing_the_items_is_raised() -> None:
    class FailsToClose:
        def __iter__(self) -> Iterator[int]:
            return iter([0])

        def close(self) -> None:
            raise OSError("will not close")

    with prefetch(FailsToClose(), lambda n: n, workers=1, ahead=4) as results:
        assert next(results) == 0
        with pytest.raises(OSError, match="will not close"):
            next(results)


def test_leaving_early_drops_work_joins_threads_and_closes_the_items() -> None:
    done: list[int] = []
    closed_in: list[str] = []

    def endless() -> Iterator[int]:
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            closed_in.append(threading.current_thread().name)

    def slow(number: int) -> int:
        time.sleep(0.02)
        done.append(number)
        return number

    with prefetch(endless(), slow, workers=1, ahead=50) as results:
        assert next(results) == 0
    assert prefetch_threads() == []
    assert closed_in == ["streamstyle-draw"]
    assert len(done) < 10


def test_leaving_by_an_error_joins_the_threads() -> None:
    def interrupted() -> None:
        with prefetch(range(1000), lambda n: n, workers=2, ahead=4) as results:
            next(results)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert prefetch_threads() == []


def test_the_iterator_is_exhausted_after_leaving() -> None:
    with prefetch(range(10), lambda n: n, workers=1, ahead=2) as results:
        next(results)
    assert list(results) == []


def test_no_items_give_no_results() -> None:
    with prefetch([], lambda n: n, workers=1, ahead=2) as results:
        assert list(results) == []
