from __future__ import annotations

import io
import re

import pytest

from streamstyle.terminal.progress import SpeedMeter, ProgressLine, progress_text


class Screen(io.StringIO):
    """A terminal 40 columns wide that remembers what was written to it."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What stands on the screen: a carriage return goes back, `erase` clears to the end of the line."""
        rows = []
        for written in self.getvalue().split("\n"):
            row = ""
            for piece in re.split(r"(\r|\x1b\[K)", written):
                row = "" if piece == "\r" else row + piece.replace("\x1b[K", "")
            rows.append(row)
        return rows


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("streamstyle.terminal.progress.time", clock)
    monkeypatch.setenv("COLUMNS", "40")
    return clock


def test_on_a_terminal_one_line_is_rewritten_five_times_a_second(time: Clock) -> None:
    screen = Screen()
    line = ProgressLine(screen)
    for frame in range(64):
        time.now = frame / 64
        line.show(f"frame {frame}")
    assert screen.lines() == ["frame 52"]
    assert screen.getvalue().count("\r") == 5


def test_a_line_that_stays_stands_above_the_progress(time: Clock) -> None:
    screen = Screen()
    line = ProgressLine(screen)
    line.show("frame 1")
    line.print("a warning")
    line.show("frame 2")
    assert screen.lines() == ["a warning", "frame 2"]
    line.clear()
    assert screen.lines() == ["a warning", ""]


def test_a_line_never_wraps(time: Clock) -> None:
    screen = Screen()
    ProgressLine(screen).show("x" * 200)
    assert screen.lines() == ["x" * 39]


def test_in_a_log_there_is_a_whole_line_every_quarter_of_a_minute(time: Clock) -> None:
    log = io.StringIO()
    line = ProgressLine(log)
    for second in range(61):
        time.now = float(second)
        line.show(f"frame {second}")
    assert log.getvalue() == "frame 15\nframe 30\nframe 45\nframe 60\n"
    assert line.bar(0.5) == ""


def test_a_terminal_that_has_gone_does_not_stop_the_work(time: Clock) -> None:
    class Gone(Screen):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    line = ProgressLine(Gone())
    line.show("frame 1")
    line.print("a warning")
    line.clear()


def test_the_bar_is_full_at_the_end_and_plain_where_the_terminal_is() -> None:
    screen = Screen()
    assert ProgressLine(screen).bar(1.0).strip() == "━" * 20
    assert ProgressLine(screen).bar(0.0).strip() == "─" * 20
    screen.encoding = "ascii"
    assert ProgressLine(screen).bar(0.5).strip() == "#" * 10 + "-" * 10


def test_what_remains_follows_from_this_runs_own_pace() -> None:
    speed = SpeedMeter()
    speed.update(1, 5.0)  # the first frame also waited for everything to start
    assert speed.seconds_left(100) is None
    for frame in range(2, 12):
        speed.update(frame, 5.0 + 2 * (frame - 1))
    assert speed.seconds_left(100) == pytest.approx(200)
    assert speed.text() == "2.0 s/frame"
    assert progress_text("", 11, 111, speed) == "frame 11/111  9 %  2.0 s/frame  ETA 3:20"
    assert progress_text("", 11, None, speed) == "frame 11  2.0 s/frame"


def test_the_pace_forgets_what_is_long_ago() -> None:
    speed, elapsed = SpeedMeter(), 0.0
    for frame in range(1000):
        elapsed += 0.1 if frame < 700 else 4.0
        speed.update(frame, elapsed)
    assert speed.text() == "4.0 s/frame"
