from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from streamstyle.cli.console import ConsoleReporter, ProgressLine, SpeedMeter, print_json, progress_text, report_to
from streamstyle.events import (
    Event,
    Finished,
    FrameWritten,
    Paused,
    ShotStarted,
    Started,
    Stopped,
    TrainingStep,
    Unpaused,
    Warned,
)


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
    monkeypatch.setattr("streamstyle.cli.console.time", clock)
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


STARTED = Started("films/a.mp4", "films/a.wave.mkv", 640, 360, 50, "25/1", 2.0, "consistent", "wave", "cpu")
FRAMES = [FrameWritten(index + 1, 50, index / 25, 3.0 + 2 * index) for index in range(50)]


def narrated(*events: Event, quiet: bool = False) -> str:
    log = io.StringIO()
    narrator = ConsoleReporter(ProgressLine(log), quiet)
    for event in events:
        narrator.observe(event)
    return log.getvalue()


def test_a_run_ends_with_frames_time_speed_flow_and_file() -> None:
    told = narrated(STARTED, *FRAMES, Finished("films/a.wave.mkv", 50, 2, 105.0, 0, 48))
    assert told.splitlines() == [
        "a.mp4 → a.wave.mkv  (640x360, 50 frames, consistent, wave, cpu)",
        "films/a.wave.mkv: 50 frames in 1:45 (2.1 s/frame); flow: 0 computed, 48 from the cache",
    ]


def test_a_stopped_run_says_how_far_it_got_and_where_it_lies() -> None:
    told = narrated(STARTED, *FRAMES[:31], Stopped("films/a.wave.partial.mkv", 31, 65.0))
    assert told.splitlines()[1] == (
        "stopped after 31 of 50 frames, at 0:01 of the film; output so far: films/a.wave.partial.mkv"
    )
    assert "nothing was written" in narrated(STARTED, Stopped("films/a.wave.partial.mkv", 0, 0.5))


def test_who_sits_before_a_run_is_told_that_somebody_else_paused_it() -> None:
    told = narrated(STARTED, *FRAMES[:3], Paused(3), Unpaused(3))
    assert told.splitlines()[1:] == ["paused after frame 3 from another terminal", "continued"]


def test_a_name_with_an_end_of_line_or_an_escape_in_it_stays_on_its_line() -> None:
    told = narrated(Started("a\nb.mp4", "\x1b[2Jb.mkv", 640, 360, 50, "25/1", 2.0, "live", "wave", "cpu"))
    assert told == "a�b.mp4 → �[2Jb.mkv  (640x360, 50 frames, live, wave, cpu)\n"


def test_a_stopped_run_says_what_takes_it_up_again() -> None:
    assert narrated(STARTED, *FRAMES[:9], Stopped("a.partial.mkv", 9, 20.0, 0, 9)).splitlines()[-1] == (
        "the same command resumes there"
    )
    assert narrated(STARTED, *FRAMES[:9], Stopped("a.partial.mkv", 9, 20.0, 0, 5)).splitlines()[-1] == (
        "the same command resumes after frame 5"
    )


def test_a_run_that_goes_on_says_so_and_counts_its_own_frames_for_its_speed() -> None:
    told = narrated(
        replace(STARTED, resumed_frames=40), *FRAMES[40:], Finished("a.wave.mkv", 50, 2, 20.0, 0, 0, resumed_frames=40)
    )
    assert told.splitlines()[1:] == [
        "resuming after frame 40 (0:02)",
        "a.wave.mkv: 50 frames, 40 of them resumed, in 0:20 (2.0 s/frame)",
    ]


def test_json_has_no_word_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(TrainingStep(1, 10, float("nan"), 1.0))
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["loss"] is None


def test_a_name_that_no_terminal_can_show_is_printed_all_the_same() -> None:
    program = "from streamstyle.events import Warned; from streamstyle.cli.console import print_json; "
    program += "print_json(Warned('\\udcff.mkv'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert json.loads(done.stdout)["message"] == "\udcff.mkv"


def test_quiet_keeps_warnings_and_how_far_a_stopped_run_got() -> None:
    told = narrated(
        STARTED,
        TrainingStep(1, 10, 2.5, 1.0),
        Warned("the subtitles stay behind"),
        *FRAMES,
        Stopped("a.partial.mkv", 50, 9.0),
        quiet=True,
    )
    assert [line.split(" ")[0] for line in told.splitlines()] == ["streamstyle:", "stopped"]


def test_as_json_every_event_is_one_line_with_schema_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    events = [STARTED, ShotStarted(0, 0, 0.0), *FRAMES[:2], Warned("Ünïcode → stays")]
    with report_to(as_json=True, quiet=False) as (observe, _):
        for event in events:
            observe(event)
    printed = capsys.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == [event.to_json() for event in events]
    assert printed.err == ""
