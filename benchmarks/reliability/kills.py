"""Kills at random moments: the film that is resumed afterwards is the one of a run that nothing disturbed."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from threading import Lock

from benchmarks.reliability.films import Content, read_content
from benchmarks.reliability.process import HANG_SECONDS, Ended, Program, run_program
from benchmarks.reliability.results import CaseResult, Verdict
from benchmarks.reliability.scenarios import FRAMES, SCENARIOS, Scenario, write_source

_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_FROM_COMMAND_LINE = 0.1
"""Share of the processes that are started as a user does, which takes seconds for the imports."""

_STOPPED = (130, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)
_lock = Lock()


class Reference:
    """A source film and its output by a run that nothing disturbed."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        """Write both into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.source = folder / f"source.{scenario.container}"
        number = SCENARIOS.index(scenario)
        write_source(self.source, number, variable_rate=scenario.variable_rate)
        output = folder / f"whole.{scenario.container}"
        ended = run_program(scenario.arguments(self.source, output), folder / "home", patience=10 * HANG_SECONDS)
        if ended.code != 0:
            raise RuntimeError(f"{scenario.name} does not run: {ended.words}")
        self.seconds = float(ended.events[-1]["elapsed"])
        self.content: Content = read_content(output)


@cache
def _reference(scenario: Scenario, folder: Path) -> Reference:
    return Reference(scenario, folder / "references" / scenario.name.replace(" ", "-"))


def reference(scenario: Scenario, folder: Path) -> Reference:
    """Return the reference of a scenario, made once."""
    with _lock:
        return _reference(scenario, folder)


def run_case(seed: int, folder: Path) -> CaseResult:
    """Kill a run one to three times at random moments, resume it to its end, and compare the film."""
    random = Random(f"kill {seed}")
    scenario = SCENARIOS[seed % len(SCENARIOS)]
    expected = reference(scenario, folder)
    case = folder / f"kill-{seed}"
    (case / "films").mkdir(parents=True)
    output = case / "films" / f"film.{scenario.container}"
    arguments = scenario.arguments(expected.source, output)
    start, done, kills = time.monotonic(), [], 0
    for _ in range(random.randint(1, 3)):
        number = random.choice(_SIGNALS)
        by_command = random.random() < _FROM_COMMAND_LINE
        program = Program(arguments, case / "home", from_command_line=by_command)
        done.append(f"{signal.Signals(number).name} {_kill_somewhen(program, number, random, expected.seconds)}")
        ended = program.wait()
        kills += ended.code in _STOPPED
        if ended.code == 0 or ended.code not in _STOPPED or ended.hung:
            break
    if ended.code in _STOPPED and not ended.hung:
        ended = run_program(arguments, case / "home", from_command_line=random.random() < _FROM_COMMAND_LINE)
    verdict, about = judge(ended, output, expected.content)
    resumed = next((event["resumed_frames"] for event in ended.events if event["event"] == "started"), 0)
    about = f"{scenario.name}: {', '.join(done)}; {kills} in time; resumed after {resumed} frames; {about}"
    return CaseResult("kills", seed, verdict, about, time.monotonic() - start, kills)


def _kill_somewhen(program: Program, number: int, random: Random, seconds: float) -> str:
    """Kill it a random fraction of a frame's time after a random number of frames; return when that was."""
    frames, delay = random.randint(0, FRAMES), random.uniform(0, 2 * seconds / FRAMES)
    if frames == 0:
        delay = random.uniform(0, seconds / 2)  # while it opens its files
    while program.is_running() and program.frames_written() < frames and program.seconds() < HANG_SECONDS:
        time.sleep(0.002)
    time.sleep(delay)
    program.kill(number)
    return f"after {frames} frames and {1000 * delay:.0f} ms"


def judge(ended: Ended, output: Path, expected: Content) -> tuple[Verdict, str]:
    """Return the verdict on a run that should have made the expected film."""
    if ended.hung:
        return Verdict.hang, "ran for a minute"
    if ended.crashed:
        return Verdict.crash, _last_words(ended.words)
    if ended.code != 0:
        return Verdict.wrong, f"exit code {ended.code}: {_last_words(ended.words)}"
    difference = read_content(output).difference(expected)
    if difference:
        return Verdict.wrong, difference
    others = [path.name for path in output.parent.iterdir() if path != output]
    return (Verdict.untidy, ", ".join(others)) if others else (Verdict.same, "the same film")


def _last_words(words: Sequence[str]) -> str:
    return words[-1] if words else "without a word"
