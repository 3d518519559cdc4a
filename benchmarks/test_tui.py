"""The cost of the terminal UI: runs with and without it, its processor use, and the latency of its keys."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import pytest

from benchmarks.conftest import Work
from benchmarks.looped_film import loop_film
from benchmarks.report import Report, Row
from benchmarks.tui_terminal import TuiTerminal
from streamstyle.files import read_json
from streamstyle.runs.folder import list_runs

PAIRS = 3
METHODS = ("live", "consistent")
KEYS = (
    ("swap", "x", "film · frame"),
    ("swap", "x", "output · frame"),
    ("wipe", "w", "output | film"),
    ("end the wipe", "w", "output · frame"),
    ("help", "?", "Pause after"),
    ("close help", "q", "● running"),
)
"""Name of the action, key, and a text that only this action draws."""

ROUNDS = 10


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use an empty cache and state folder; flow is computed once, before the first pair."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.getbasetemp() / name.lower()))


@dataclass(frozen=True)
class TimeTaken:
    """Wall and processor time of a run."""

    seconds: float
    """Wall time that the run reports."""
    cpu_per_frame: float
    """Processor seconds per frame after the first ten, of the run and the terminal UI."""
    tui_cpu_per_frame: float = 0.0
    """The part of the terminal UI."""
    bytes_per_second: float = 0.0
    """Bytes that the terminal UI sent to the terminal."""


@pytest.mark.parametrize("method", METHODS)
def test_watching(work: Work, tmp_path: Path, report: Report, method: str) -> None:
    """Runs alone and with the terminal UI, alternating."""
    options = _options(work, tmp_path, method)
    _time_run(options)
    pairs = [(_time_run(options), _time_tui(options)) for _ in range(PAIRS)]
    ratios = [watched.seconds / alone.seconds for alone, watched in pairs]
    cpu_ratios = [watched.cpu_per_frame / alone.cpu_per_frame for alone, watched in pairs]
    row: Row = {
        "": method,
        "alone, s": median(alone.seconds for alone, _ in pairs),
        "watched / alone": median(ratios),
        "from": min(ratios),
        "to": max(ratios),
        "processor per frame, watched / alone": median(cpu_ratios),
        "from ": min(cpu_ratios),
        "to ": max(cpu_ratios),
        "of it by the TUI, %": 100 * median(watched.tui_cpu_per_frame / watched.cpu_per_frame for _, watched in pairs),
        "drawn, kB/s": median(watched.bytes_per_second for _, watched in pairs) / 1000,
    }
    report.show(f"{work.film.name}, {work.style.name}, 120x40, {PAIRS} pairs", [row])


def test_sizes(work: Work, tmp_path: Path, report: Report) -> None:
    """The terminal UI alone, at three sizes, with frames that arrive faster than they are drawn."""
    film = loop_film(work.film, tmp_path / "long.mkv", 20_000)
    arguments = [str(film), *_options(work, tmp_path, "johnson")[1:], "--size", "320x180"]
    rows: list[Row] = []
    for columns, lines in ((80, 24), (120, 40), (200, 60)):
        screen = TuiTerminal(arguments, columns, lines)
        screen.seconds_until("output · frame")
        screen.drain(3)
        start, cpu, drawn = time.monotonic(), screen.cpu_seconds(), screen.bytes_drawn
        screen.drain(20)
        elapsed = time.monotonic() - start
        rows.append(
            {
                "": f"{columns}x{lines}",
                "TUI, % of a core": 100 * (screen.cpu_seconds() - cpu) / elapsed,
                "drawn, kB/s": (screen.bytes_drawn - drawn) / elapsed / 1000,
            }
        )
        _stop(screen)
    report.show("The terminal UI alone, video of 320x180, method johnson", rows)


def test_keys(work: Work, tmp_path: Path, report: Report) -> None:
    """Keys during a run that uses all cores."""
    film = loop_film(work.film, tmp_path / "long.mkv", 20_000)
    arguments = [str(film), *_options(work, tmp_path, "live")[1:]]
    screen = TuiTerminal(arguments)
    screen.seconds_until("output · frame")
    latencies: dict[str, list[float]] = {}
    for name, key, text in KEYS * ROUNDS:
        screen.drain(0.37)
        screen.type(key)
        latencies.setdefault(name, []).append(screen.seconds_until(text))
    _stop(screen)
    rows: list[Row] = [
        {"": name, "median, ms": 1000 * median(times), "worst, ms": 1000 * max(times)}
        for name, times in latencies.items()
    ]
    report.show("From a key to its first effect on a screen of 120x40, during a run", rows)


def _stop(screen: TuiTerminal) -> None:
    screen.type("q")
    screen.seconds_until("stop, and keep")
    screen.type("e")
    screen.seconds_until("Stopped after")
    screen.type("q")
    assert screen.close() == 130


def _options(work: Work, folder: Path, method: str) -> list[str]:
    arguments = [
        str(work.film),
        "--style",
        str(work.style.path),
        "--method",
        method,
        "-o",
        str(folder / "out.mkv"),
        "-y",
    ]
    if work.source_settings.size is not None:
        arguments += ["--size", "{}x{}".format(*work.source_settings.size)]
    return arguments if work.source_settings.end is None else [*arguments, "--range", f"0-{work.source_settings.end}"]


def _time_run(options: list[str]) -> TimeTaken:
    """Run without the terminal UI."""
    command = [sys.executable, "-m", "streamstyle", "run", *options, "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        meter = CpuMeter()
        while process.poll() is None:
            time.sleep(0.1)
            meter.sample()
    assert process.returncode == 0
    return TimeTaken(_elapsed(), meter.seconds_per_frame())


def _time_tui(options: list[str]) -> TimeTaken:
    """Run in the terminal UI."""
    screen = TuiTerminal(options)
    meter = CpuMeter(screen.cpu_seconds)
    screen.seconds_until("output · frame")
    start, drawn = time.monotonic(), screen.bytes_drawn
    while not _run_has_ended():
        screen.drain(0.1)
        meter.sample()
    rate = (screen.bytes_drawn - drawn) / (time.monotonic() - start)
    screen.seconds_until("Finished in")
    screen.type("q")
    assert screen.close() == 0
    return TimeTaken(_elapsed(), meter.seconds_per_frame(), meter.tui_seconds_per_frame(), rate)


class CpuMeter:
    """Processor seconds per frame, from the tenth frame to the last sample."""

    def __init__(self, tui_seconds: Callable[[], float] = lambda: 0.0) -> None:
        """`tui_seconds` returns the processor seconds of the terminal UI so far."""
        self._tui_seconds = tui_seconds
        self._marks: list[tuple[int, float, float]] = []

    def sample(self) -> None:
        """Record the frames and processor seconds of the latest run."""
        with suppress(psutil.Error, IndexError, KeyError):
            run = list_runs()[0]
            frame = int(read_json(run.status)["frame_written"]["frame"])
            times = psutil.Process(read_json(run.path / "run.json")["pid"]).cpu_times()
            if frame >= 10 and (not self._marks or frame > self._marks[-1][0]):
                self._marks.append((frame, times.user + times.system, self._tui_seconds()))

    def seconds_per_frame(self) -> float:
        """Return the seconds of run and terminal UI."""
        return self._slope(1) + self._slope(2)

    def tui_seconds_per_frame(self) -> float:
        """Return the seconds of the terminal UI."""
        return self._slope(2)

    def _slope(self, which: int) -> float:
        first, last = self._marks[0], self._marks[-1]
        return (last[which] - first[which]) / (last[0] - first[0])


def _run_has_ended() -> bool:
    return '"finished"' in list_runs()[0].events.read_text()


def _elapsed() -> float:
    """Return the wall time that the latest run reports."""
    last = list_runs()[0].events.read_text().splitlines()[-1]
    return float(json.loads(last)["elapsed"])
