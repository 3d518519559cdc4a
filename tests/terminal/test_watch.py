from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace

import pytest

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
from streamstyle.terminal.progress import ProgressLine
from streamstyle.terminal.watch import ConsoleReporter, print_json, report_to

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
        "stopped after 31 of 50 frames, at 0:01 of the film; they play from films/a.wave.partial.mkv"
    )
    assert "nothing was written" in narrated(STARTED, Stopped("films/a.wave.partial.mkv", 0, 0.5))


def test_who_sits_before_a_run_is_told_that_somebody_else_paused_it() -> None:
    told = narrated(STARTED, *FRAMES[:3], Paused(3), Unpaused(3))
    assert told.splitlines()[1:] == ["paused after frame 3, from another terminal", "going on"]


def test_a_name_with_an_end_of_line_or_an_escape_in_it_stays_on_its_line() -> None:
    told = narrated(Started("a\nb.mp4", "\x1b[2Jb.mkv", 640, 360, 50, "25/1", 2.0, "live", "wave", "cpu"))
    assert told == "a�b.mp4 → �[2Jb.mkv  (640x360, 50 frames, live, wave, cpu)\n"


def test_a_stopped_run_says_what_takes_it_up_again() -> None:
    assert narrated(STARTED, *FRAMES[:9], Stopped("a.partial.mkv", 9, 20.0, 0, 9)).splitlines()[-1] == (
        "the same command goes on there"
    )
    assert narrated(STARTED, *FRAMES[:9], Stopped("a.partial.mkv", 9, 20.0, 0, 5)).splitlines()[-1] == (
        "the same command goes on after frame 5"
    )


def test_a_run_that_goes_on_says_so_and_counts_its_own_frames_for_its_speed() -> None:
    told = narrated(
        replace(STARTED, resumed_frames=40), *FRAMES[40:], Finished("a.wave.mkv", 50, 2, 20.0, 0, 0, resumed_frames=40)
    )
    assert told.splitlines()[1:] == [
        "going on after 40 frames (0:02), painted earlier",
        "a.wave.mkv: 50 frames, 40 of them earlier, in 0:20 (2.0 s/frame)",
    ]


def test_json_has_no_word_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(TrainingStep(1, 10, float("nan"), 1.0))
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["loss"] is None


def test_a_name_that_no_terminal_can_show_is_printed_all_the_same() -> None:
    program = "from streamstyle.events import Warned; from streamstyle.terminal.watch import print_json; "
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
