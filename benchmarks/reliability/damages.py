"""Damage to what a stopped run has left: it is resumed to the right film or refused in words, never published wrong."""

from __future__ import annotations

import shutil
import signal
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from threading import Lock

from benchmarks.reliability.kills import judge, reference
from benchmarks.reliability.mutations import flip, hole, truncate
from benchmarks.reliability.process import Program, run_program
from benchmarks.reliability.results import CaseResult, Verdict
from benchmarks.reliability.scenarios import FRAMES, SCENARIOS, Scenario
from streamstyle.media.output_names import checkpoint_path, partial_path

_KILLED_AFTER = FRAMES - 4
"""Frames after which a checkpoint exists even if the run is killed."""

_lock = Lock()


@dataclass(frozen=True)
class _Leavings:
    """A folder as a stopped or killed run has left it."""

    folder: Path
    output: str


@cache
def _leavings(scenario: Scenario, number: int, folder: Path) -> _Leavings:
    """Run the scenario, and end it by this signal."""
    expected = reference(scenario, folder)
    name = f"{scenario.name.replace(' ', '-')}-{signal.Signals(number).name}"
    films = folder / "stopped" / name
    films.mkdir(parents=True)
    output = films / f"film.{scenario.container}"
    for attempt in range(5):  # a run that finished before the signal came is no use
        program = Program(scenario.arguments(expected.source, output), folder / "stopped" / f"home-{name}-{attempt}")
        while program.is_running() and program.frames_written() < _KILLED_AFTER - 4 * attempt:
            time.sleep(0.001)
        program.kill(number)
        program.wait()
        if not output.exists():
            return _Leavings(films, output.name)
        output.unlink()
    raise RuntimeError(f"{scenario.name} cannot be stopped before its end")


def leavings(scenario: Scenario, number: int, folder: Path) -> _Leavings:
    """Return what a run of this scenario leaves that is ended by this signal; made once."""
    with _lock:
        return _leavings(scenario, number, folder)


def run_case(seed: int, folder: Path) -> CaseResult:
    """Damage the partial film or its checkpoint, resume the run, and judge what it says and publishes."""
    random = Random(f"damage {seed}")
    scenario = SCENARIOS[seed % len(SCENARIOS)]
    number = random.choice((signal.SIGINT, signal.SIGKILL))
    left = leavings(scenario, number, folder)
    case = folder / f"damage-{seed}"
    shutil.copytree(left.folder, case / "films")
    output = case / "films" / left.output
    damaged = random.choice((partial_path(output), partial_path(output), checkpoint_path(output)))
    about = f"{scenario.name}, {signal.Signals(number).name}: "
    if not damaged.exists():
        return CaseResult("damage", seed, Verdict.wrong, about + f"{damaged.name} is missing")
    about += f"{damaged.name} {_damage(damaged, random, scenario, number, folder)}"
    start = time.monotonic()
    expected = reference(scenario, folder)
    ended = run_program(scenario.arguments(expected.source, output), case / "home")
    verdict, told = judge(ended, output, expected.content)
    if (verdict is Verdict.wrong and ended.code not in (0, 1) and ended.words and not output.exists()) or (
        verdict is Verdict.untidy and ended.words
    ):
        verdict = Verdict.said
    return CaseResult("damage", seed, verdict, f"{about}; {told}", time.monotonic() - start)


def _damage(damaged: Path, random: Random, scenario: Scenario, number: int, folder: Path) -> str:
    """Damage a file in one of four ways; return how."""
    content = damaged.read_bytes()
    way = random.choice(("flip", "hole", "truncate", "exchange"))
    if way == "exchange":
        others = [each for each in SCENARIOS if each.container == scenario.container and each != scenario]
        other = random.choice(others)
        output = leavings(other, number, folder).folder / f"film.{scenario.container}"
        path = checkpoint_path(output) if damaged.suffix == ".safetensors" else partial_path(output)
        damaged.write_bytes(path.read_bytes())
        return f"exchanged with that of {other.name}"
    content, how = {"flip": flip, "hole": hole, "truncate": truncate}[way](content, random)
    damaged.write_bytes(content)
    return how
