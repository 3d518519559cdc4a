"""How much is sent to a terminal whose line is thin, thick, or does not answer."""

from __future__ import annotations

import math

from streamstyle.tui.output_pace import OutputPace


class Line:
    """A clock, and a line of so many bytes a second, whose answers take some seconds besides."""

    def __init__(self, rate: float, latency: float = 0.0) -> None:
        self.now = 0.0
        self.rate = rate
        self.latency = latency
        self.pace = OutputPace(lambda: None, lambda: self.now)

    def send(self, count: float, *, pixels: bool = False, rate: float = 0.0) -> float:
        """Send bytes, and return the seconds until the answer."""
        self.pace.sent(int(count), pixels=pixels)
        assert self.pace.is_waiting()
        seconds = self.latency + count / (rate or self.rate)
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


def test_terminal_that_never_answers_gets_everything_after_five_seconds() -> None:
    line = Line(1)
    line.pace.sent(100)
    line.now = 4.9
    assert line.pace.is_waiting()
    line.now = 5.1
    assert not line.pace.is_waiting()
    assert line.pace.budget == math.inf
    line.pace.sent(10**6)
    assert not line.pace.is_waiting()
    line.pace.answered()
    line.pace.sent(100)
    assert line.pace.is_waiting(), "it was late, on a line that is thin"
    assert line.pace.budget < 10_000


def test_answer_that_is_lost_is_not_waited_for_for_ever() -> None:
    line = Line(1e6)
    line.send(1000)
    line.pace.sent(1000)
    line.now += 30
    assert not line.pace.is_waiting()
    assert line.pace.budget < math.inf


def test_pixels_are_judged_by_their_own_speed() -> None:
    """A terminal may draw characters at 110 kB/s and sixels at 1.4 MB/s."""
    line = Line(110_000)
    for _ in range(6):
        line.send(line.pace.budget)
    assert not line.pace.carries_pixels(370_000)
    assert line.pace.carries_pixels(200_000)
    line.send(200_000, pixels=True, rate=1.4e6)
    assert line.pace.carries_pixels(370_000)
    budget = line.pace.budget
    line.send(370_000, pixels=True, rate=4e5)
    assert line.pace.carries_pixels(370_000), "one slow image is a busy moment"
    assert line.pace.budget == budget


def test_pixels_that_are_too_slow_are_tried_again_later() -> None:
    line = Line(30_000)
    for _ in range(6):
        line.send(line.pace.budget)
    line.send(50_000, pixels=True)
    assert not line.pace.carries_pixels(50_000)
    line.now += 29
    assert not line.pace.carries_pixels(50_000)
    line.now += 2
    assert line.pace.carries_pixels(50_000)
    line.send(50_000, pixels=True)
    assert not line.pace.carries_pixels(50_000)
    line.pace.forget_pixels()
    assert line.pace.carries_pixels(50_000)


def test_nothing_is_sent_while_a_screen_becomes_complete() -> None:
    line = Line(30_000)
    assert not line.pace.is_thin, "it is not known before the first answer"
    line.send(line.pace.budget)
    assert line.pace.is_thin
    line.pace.hold(0.1)
    assert line.pace.is_waiting()
    line.now += 0.11
    assert not line.pace.is_waiting()
    thick = Line(1e7)
    thick.send(thick.pace.budget)
    assert not thick.pace.is_thin


def test_a_distant_terminal_is_not_taken_for_a_thin_line() -> None:
    """Nor one that draws before it answers; parts of 2 kB there and back took minutes an image."""
    line = Line(1e6, latency=0.5)
    assert line.pace.needs_probe()
    line.pace.probe()
    line.now += line.latency
    line.pace.answered()
    assert not line.pace.needs_probe()
    for _ in range(10):
        line.send(line.pace.budget)
    assert 100_000 < line.pace.budget < 500_000
    line.send(400_000, pixels=True)
    assert line.pace.carries_pixels(450_000)
    line.now += 10
    assert line.pace.needs_probe()


def test_a_wrong_latency_makes_no_part_take_longer_than_a_second_or_two() -> None:
    line = Line(30_000)
    line.pace.probe()
    line.now += 3.0  # other output was on its way
    line.pace.answered()
    assert max(line.send(line.pace.budget) for _ in range(10)) < 2.0
