"""How much is sent to a terminal whose line is thin, thick, or does not answer."""

from __future__ import annotations

import math

from streamstyle.tui.output_pace import OutputPace


class Line:
    """A clock, and a line of so many bytes a second."""

    def __init__(self, rate: float) -> None:
        self.now = 0.0
        self.rate = rate
        self.pace = OutputPace(lambda: self.now)

    def send(self, count: float) -> float:
        """Send bytes, and return the seconds until the answer."""
        self.pace.sent(int(count))
        assert self.pace.is_waiting()
        seconds = count / self.rate
        self.now += seconds
        self.pace.answered()
        assert not self.pace.is_waiting()
        return seconds


def test_parts_on_a_thin_line_take_a_fraction_of_a_second() -> None:
    line = Line(30_000)
    taken = [line.send(line.pace.budget) for _ in range(6)]
    assert max(taken) < 0.6
    assert 0.1 < taken[-1] < 0.3


def test_thick_line_soon_takes_a_whole_image() -> None:
    line = Line(1e8)
    for _ in range(4):
        line.send(line.pace.budget)
    assert line.pace.budget > 1_000_000


def test_short_parts_do_not_lower_the_budget() -> None:
    line = Line(1e6)
    for _ in range(4):
        line.send(line.pace.budget)
    before = line.pace.budget
    line.pace.sent(100)
    line.now += 0.02  # the time of a round trip, not of 100 bytes
    line.pace.answered()
    assert line.pace.budget >= before


def test_terminal_that_never_answers_gets_everything_after_a_second() -> None:
    line = Line(1)
    line.pace.sent(100)
    line.now = 0.9
    assert line.pace.is_waiting()
    line.now = 1.1
    assert not line.pace.is_waiting()
    assert line.pace.budget == math.inf
    line.pace.sent(10**6)
    assert not line.pace.is_waiting()


def test_answer_that_is_lost_is_not_waited_for_for_ever() -> None:
    line = Line(1e6)
    line.send(1000)
    line.pace.sent(1000)
    line.now += 30
    assert not line.pace.is_waiting()
    assert line.pace.budget < math.inf
