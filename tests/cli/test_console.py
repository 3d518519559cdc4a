"""Events as a person reads them on a terminal or in a log, and as JSON Lines."""

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
    StyleTrained,
    TrainingStep,
    Unpaused,
    Warned,
)


class Screen(io.StringIO):
    """A terminal 40 columns wide."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What is visible, line by line, after carriage returns and erasures."""
        rows = []
        for line in self.getvalue().split("\n"):
            row = ""
            for piece in re.split(r"(\r|\x1b\[K)", line):
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


def test_a_terminal_has_one_line_rewritten_five_times_a_second(time: Clock) -> None:
    screen = Screen()
    line = ProgressLine(screen)
    for frame in range(64):
        time.now = frame / 64
        line.show(f"frame {frame}")
    assert screen.lines() == ["frame 52"]
    assert screen.getvalue().count("\r") == 5


def test_a_printed_line_is_above_the_progress(time: Clock) -> None:
    screen = Screen()
    line = ProgressLine(screen)
    line.show("frame 1")
    line.print("a warning")
    line.show("frame 2")
    assert screen.lines() == ["a warning", "frame 2"]
    line.clear()
    assert screen.lines() == ["a warning", ""]


def test_a_line_is_cut_at_the_width_of_the_terminal(time: Clock) -> None:
    screen = Screen()
    ProgressLine(screen).show("x" * 200)
    assert screen.lines() == ["x" * 39]


def test_a_log_has_a_line_every_fifteen_seconds(time: Clock) -> None:
    log = io.StringIO()
    line = ProgressLine(log)
    for second in range(61):
        time.now = float(second)
        line.show(f"frame {second}")
    assert log.getvalue() == "frame 15\nframe 30\nframe 45\nframe 60\n"
    assert line.bar(0.5) == ""


def test_a_closed_terminal_does_not_stop_the_run(time: Clock) -> None:
    class ClosedTerminal(Screen):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    line = ProgressLine(ClosedTerminal())
    line.show("frame 1")
    line.print("a warning")
    line.clear()


def test_the_bar_is_full_at_the_end_and_ascii_without_utf8() -> None:
    screen = Screen()
    assert ProgressLine(screen).bar(1.0).strip() == "━" * 20
    assert ProgressLine(screen).bar(0.0).strip() == "─" * 20
    screen.encoding = "ascii"
    assert ProgressLine(screen).bar(0.5).strip() == "#" * 10 + "-" * 10


def test_the_time_left_follows_from_the_recent_speed() -> None:
    speed = SpeedMeter()
    speed.update(1, 5.0)  # the first frame includes the start-up
    assert speed.seconds_left(100) is None
    for frame in range(2, 12):
        speed.update(frame, 5.0 + 2 * (frame - 1))
    assert speed.seconds_left(100) == pytest.approx(200)
    assert speed.text() == "2.0 s/frame"
    assert progress_text("", 11, 111, speed) == "frame 11/111  9 %  2.0 s/frame  ETA 3:20"
    assert progress_text("", 11, None, speed) == "frame 11  2.0 s/frame"


def test_the_speed_is_that_of_the_last_200_frames() -> None:
    speed, elapsed = SpeedMeter(), 0.0
    for frame in range(1000):
        elapsed += 0.1 if frame < 700 else 4.0
        speed.update(frame, elapsed)
    assert speed.text() == "4.0 s/frame"


STARTED = Started("films/a.mp4", "films/a.wave.mkv", 640, 360, 50, "25/1", 2.0, "consistent", "wave", "cpu")
FRAMES = [FrameWritten(index + 1, 50, index / 25, 3.0 + 2 * index) for index in range(50)]


def printed(*events: Event, quiet: bool = False) -> str:
    log = io.StringIO()
    reporter = ConsoleReporter(ProgressLine(log), quiet)
    for event in events:
        reporter.observe(event)
    return log.getvalue()


def test_a_finished_run_prints_frames_time_speed_flow_and_file() -> None:
    text = printed(STARTED, *FRAMES, Finished("films/a.wave.mkv", 50, 2, 105.0, 0, 48))
    assert text.splitlines() == [
        "a.mp4 → a.wave.mkv  (640x360, 50 frames, consistent, wave, cpu)",
        "films/a.wave.mkv: 50 frames in 1:45 (2.1 s/frame); flow: 0 computed, 48 from the cache",
    ]


def test_a_stopped_run_prints_how_far_it_got_and_its_output() -> None:
    text = printed(STARTED, *FRAMES[:31], Stopped("films/a.wave.partial.mkv", 31, 65.0))
    assert text.splitlines()[1] == (
        "stopped after 31 of 50 frames, at 0:01 of the film; output so far: films/a.wave.partial.mkv"
    )
    assert "nothing was written" in printed(STARTED, Stopped("films/a.wave.partial.mkv", 0, 0.5))


def test_a_pause_from_another_terminal_is_printed() -> None:
    text = printed(STARTED, *FRAMES[:3], Paused(3), Unpaused(3))
    assert text.splitlines()[1:] == ["paused after frame 3 from another terminal", "continued"]


def test_control_characters_in_file_names_are_replaced() -> None:
    text = printed(Started("a\nb.mp4", "\x1b[2Jb.mkv", 640, 360, 50, "25/1", 2.0, "live", "wave", "cpu"))
    assert text == "a�b.mp4 → �[2Jb.mkv  (640x360, 50 frames, live, wave, cpu)\n"


def test_a_stopped_run_prints_what_resumes_it() -> None:
    assert printed(STARTED, *FRAMES[:9], Stopped("a.partial.mkv", 9, 20.0, 0, 9)).splitlines()[-1] == (
        "the same command resumes there"
    )
    assert printed(STARTED, *FRAMES[:9], Stopped("a.partial.mkv", 9, 20.0, 0, 5)).splitlines()[-1] == (
        "the same command resumes after frame 5"
    )


def test_the_speed_of_a_resumed_run_is_that_of_its_own_frames() -> None:
    text = printed(
        replace(STARTED, resumed_frames=40), *FRAMES[40:], Finished("a.wave.mkv", 50, 2, 20.0, 0, 0, resumed_frames=40)
    )
    assert text.splitlines()[1:] == [
        "resuming after frame 40 (0:02)",
        "a.wave.mkv: 50 frames, 40 of them resumed, in 0:20 (2.0 s/frame)",
    ]


def test_a_number_that_is_not_finite_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(TrainingStep(1, 10, float("nan"), 1.0))
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["loss"] is None


def test_a_file_name_that_is_not_unicode_is_printed_as_json() -> None:
    program = "from streamstyle.events import Warned; from streamstyle.cli.console import print_json; "
    program += "print_json(Warned('\\udcff.mkv'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert json.loads(done.stdout)["message"] == "\udcff.mkv"


def test_quiet_prints_only_warnings_and_where_a_run_stopped() -> None:
    text = printed(
        STARTED,
        TrainingStep(1, 10, 2.5, 1.0),
        Warned("the subtitles stay behind"),
        *FRAMES,
        Stopped("a.partial.mkv", 50, 9.0),
        quiet=True,
    )
    assert [line.split(" ")[0] for line in text.splitlines()] == ["streamstyle:", "stopped"]


def test_with_json_every_event_is_one_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    events = [STARTED, ShotStarted(0, 0, 0.0), *FRAMES[:2], Warned("Ünïcode → stays")]
    with report_to(as_json=True, quiet=False) as (observe, _):
        for event in events:
            observe(event)
    said = capsys.readouterr()
    assert [json.loads(line) for line in said.out.splitlines()] == [event.to_json() for event in events]
    assert said.err == ""


def long_frames(seconds: float, count: int = 30) -> list[FrameWritten]:
    return [FrameWritten(index + 1, 36_000, index / 25, 30 + seconds * index) for index in range(count)]


def test_a_long_run_is_told_once_how_long_it_takes_and_what_is_cheaper() -> None:
    started = replace(STARTED, width=1920, height=1080, frames=36_000)
    lines = printed(started, *long_frames(9.0)).splitlines()
    assert lines[1:] == [
        "this will take 3 d 18 h; cheaper: --height 360 (10 h), --method live|johnson, --sample 10s for a try"
    ]
    assert len(printed(started, *long_frames(9.0)[:3]).splitlines()) == 1
    small = printed(replace(started, height=360, method="johnson"), *long_frames(0.2)).splitlines()
    assert small[1:] == ["this will take 2 h; cheaper: --sample 10s for a try"]


def test_what_a_style_was_trained_for_before_counts() -> None:
    """Fifty minutes of learning and twenty of painting are a long run; either alone is not."""
    started = replace(STARTED, height=360, method="johnson", frames=36_000)
    painting, learned = long_frames(1 / 30), StyleTrained("wave", "wave.jpg", "wave.safetensors", 3000.0)
    said = printed(learned, started, *painting)
    assert "this will take 20 min, after 50 min of learning; cheaper: --sample 10s for a try" in said
    assert "this will take" not in printed(started, *painting)


@pytest.mark.parametrize(
    ("change", "seconds"),
    [({}, 0.05), ({"method": "upscale"}, 9.0), ({"resumed_frames": 100}, 9.0), ({"frames": None}, 9.0)],
)
def test_other_runs_are_not_told_how_long_they_take(change: dict[str, object], seconds: float) -> None:
    started = replace(STARTED, frames=36_000, height=1080)
    assert "this will take" not in printed(replace(started, **change), *long_frames(seconds))  # type: ignore[arg-type]
    assert "this will take" not in printed(started, *long_frames(9.0), quiet=True)
