"""Items made ahead by threads arrive in order, never too many, with their errors, and nothing is left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from streamstyle.prefetch import prefetch


def threads_of_ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("streamstyle")]


def eventually(condition) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_results_come_in_the_order_of_the_items_though_workers_finish_in_another() -> None:
    def slow_when_even(number: int) -> int:
        time.sleep(0.004 if number % 2 == 0 else 0)
        return number * number

    with prefetch(range(40), slow_when_even, workers=4, ahead=8) as results:
        assert list(results) == [n * n for n in range(40)]


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_are_drawn_than_there_is_room_for(ahead: int) -> None:
    drawn = 0

    def counted() -> Iterator[int]:
        nonlocal drawn
        for number in range(20):
            drawn += 1
            yield number

    with prefetch(counted(), lambda n: n, workers=2, ahead=ahead) as results:
        for taken in range(1, 6):
            assert next(results) == taken - 1
            assert eventually(lambda: drawn == taken + ahead)  # noqa: B023
            time.sleep(0.02)
            assert drawn == taken + ahead


def test_work_runs_while_earlier_results_are_used() -> None:
    begun = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            begun.set()
        return number

    with prefetch(range(3), work, workers=1, ahead=2) as results:
        assert next(results) == 0
        assert begun.wait(5)


def test_an_error_in_the_work_comes_where_its_result_would_have_come() -> None:
    def refuse_three(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    with prefetch(range(10), refuse_three, workers=2, ahead=4) as results:
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="three"):
            next(results)
    assert threads_of_ours() == []


def test_an_error_in_the_items_comes_after_the_results_before_it() -> None:
    def breaks() -> Iterator[int]:
        yield 0
        yield 1
        raise OSError("the disk is gone")

    with prefetch(breaks(), lambda n: n, workers=1, ahead=4) as results:
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(OSError, match="the disk is gone"):
            next(results)


def test_an_error_on_closing_the_items_is_not_lost_and_blocks_nobody() -> None:
    class Stubborn:
        def __iter__(self) -> Iterator[int]:
            return iter([0])

        def close(self) -> None:
            raise OSError("will not close")

    with prefetch(Stubborn(), lambda n: n, workers=1, ahead=4) as results:
        assert next(results) == 0
        with pytest.raises(OSError, match="will not close"):
            next(results)


def test_leaving_early_joins_the_threads_drops_what_waits_and_closes_the_items() -> None:
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
    assert threads_of_ours() == []
    assert closed_in == ["streamstyle-draw"]
    assert len(done) < 10


def test_leaving_by_an_error_joins_the_threads_too() -> None:
    def interrupted() -> None:
        with prefetch(range(1000), lambda n: n, workers=2, ahead=4) as results:
            next(results)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert threads_of_ours() == []


def test_after_leaving_there_is_nothing_more() -> None:
    with prefetch(range(10), lambda n: n, workers=1, ahead=2) as results:
        next(results)
    assert list(results) == []


def test_no_items_give_no_results() -> None:
    with prefetch([], lambda n: n, workers=1, ahead=2) as results:
        assert list(results) == []
