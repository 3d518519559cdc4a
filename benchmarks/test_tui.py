"""What it costs to watch: a run with the terminal UI beside one without, and how soon a key is answered meanwhile."""

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
    ("flip", "x", "film · frame"),
    ("flip", "x", "output · frame"),
    ("help", "?", "Pause after"),
    ("back from it", "q", "● running"),
)
"""What a key does, the key, and what is drawn because of it alone."""

ROUNDS = 10


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flow is computed once, before the first pair, and is no part of the comparison; runs' folders go here, too."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.getbasetemp() / name.lower()))


@dataclass(frozen=True)
class TimeTaken:
    """What a run took."""

    seconds: float
    """From the first frame on its way to the whole film."""
    processor: float
    """Of processor, a frame, once the first frames are done: by the run, and by who looks on."""
    looking: float = 0.0
    """The part of that which the terminal UI took."""
    rate: float = 0.0
    """Bytes a second that it drew."""


@pytest.mark.parametrize("method", METHODS)
def test_watching(work: Work, tmp_path: Path, report: Report, method: str) -> None:
    """A film is painted alone and watched, in turns."""
    options = _options(work, tmp_path, method)
    _time_run(options)
    pairs = [(_time_run(options), _time_tui(options)) for _ in range(PAIRS)]
    ratios = [watched.seconds / alone.seconds for alone, watched in pairs]
    processor = [watched.processor / alone.processor for alone, watched in pairs]
    row: Row = {
        "": method,
        "alone, s": median(alone.seconds for alone, _ in pairs),
        "watched / alone": median(ratios),
        "from": min(ratios),
        "to": max(ratios),
        "processor a frame, watched / alone": median(processor),
        "from ": min(processor),
        "to ": max(processor),
        "of it by the TUI, %": 100 * median(watched.looking / watched.processor for _, watched in pairs),
        "drawn, kB/s": median(watched.rate for _, watched in pairs) / 1000,
    }
    report.show(f"{work.film.name}, {work.style.name}, 120x40, {PAIRS} pairs", [row])


def test_sizes(work: Work, tmp_path: Path, report: Report) -> None:
    """The terminal UI by itself, on terminals of three sizes, while frames come faster than they are shown."""
    film = loop_film(work.film, tmp_path / "long.mkv", 20_000)
    words = [str(film), *_options(work, tmp_path, "johnson")[1:], "--size", "320x180"]
    rows: list[Row] = []
    for columns, lines in ((80, 24), (120, 40), (200, 60)):
        screen = TuiTerminal(words, columns, lines)
        screen.seconds_until("output · frame")
        screen.drain(3)
        began, cpu, drawn = time.monotonic(), screen.cpu_seconds(), screen.bytes_drawn
        screen.drain(20)
        took = time.monotonic() - began
        rows.append(
            {
                "": f"{columns}x{lines}",
                "TUI, % of a core": 100 * (screen.cpu_seconds() - cpu) / took,
                "drawn, kB/s": (screen.bytes_drawn - drawn) / took / 1000,
            }
        )
        _stop(screen)
    report.show("The terminal UI alone, painted film at 320x180, frame by frame", rows)


def test_keys(work: Work, tmp_path: Path, report: Report) -> None:
    """Keys are pressed while a long film is painted, which takes all cores there are."""
    film = loop_film(work.film, tmp_path / "long.mkv", 20_000)
    words = [str(film), *_options(work, tmp_path, "live")[1:]]
    screen = TuiTerminal(words)
    screen.seconds_until("output · frame")
    took: dict[str, list[float]] = {}
    for name, key, words_then in KEYS * ROUNDS:
        screen.drain(0.37)
        screen.type(key)
        took.setdefault(name, []).append(screen.seconds_until(words_then))
    _stop(screen)
    rows: list[Row] = [
        {"": name, "median, ms": 1000 * median(times), "worst, ms": 1000 * max(times)} for name, times in took.items()
    ]
    report.show("From a key to its first sign on a screen of 120x40, while a film is painted", rows)


def _stop(screen: TuiTerminal) -> None:
    screen.type("q")
    screen.seconds_until("stop, and keep")
    screen.type("s")
    screen.seconds_until("Stopped after")
    screen.type("q")
    assert screen.close() == 130


def _options(work: Work, folder: Path, method: str) -> list[str]:
    words = [str(work.film), "--style", str(work.style.path), "--method", method, "-o", str(folder / "out.mkv"), "-y"]
    if work.source_settings.size is not None:
        words += ["--size", "{}x{}".format(*work.source_settings.size)]
    return words if work.source_settings.end is None else [*words, "--range", f"0-{work.source_settings.end}"]


def _time_run(options: list[str]) -> TimeTaken:
    """Paint with nobody looking on."""
    command = [sys.executable, "-m", "streamstyle", "run", *options, "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        meter = CpuMeter()
        while process.poll() is None:
            time.sleep(0.1)
            meter.sample()
    assert process.returncode == 0
    return TimeTaken(_elapsed(), meter.seconds_per_frame())


def _time_tui(options: list[str]) -> TimeTaken:
    """Paint in the terminal UI."""
    screen = TuiTerminal(options)
    meter = CpuMeter(screen.cpu_seconds)
    screen.seconds_until("output · frame")
    began, drawn = time.monotonic(), screen.bytes_drawn
    while not _run_has_ended():
        screen.drain(0.1)
        meter.sample()
    rate = (screen.bytes_drawn - drawn) / (time.monotonic() - began)
    screen.seconds_until("Finished in")
    screen.type("q")
    assert screen.close() == 0
    return TimeTaken(_elapsed(), meter.seconds_per_frame(), meter.viewer_seconds_per_frame(), rate)


class CpuMeter:
    """Seconds of processor a frame, from the tenth frame on to the last that is seen."""

    def __init__(self, looking_on: Callable[[], float] = lambda: 0.0) -> None:
        self._looking_on = looking_on
        self._marks: list[tuple[int, float, float]] = []

    def sample(self) -> None:
        """Note how far the youngest run is, and what it has taken."""
        with suppress(psutil.Error, IndexError, KeyError):
            run = list_runs()[0]
            frame = int(read_json(run.status)["frame_written"]["frame"])
            times = psutil.Process(read_json(run.path / "run.json")["pid"]).cpu_times()
            if frame >= 10 and (not self._marks or frame > self._marks[-1][0]):
                self._marks.append((frame, times.user + times.system, self._looking_on()))

    def seconds_per_frame(self) -> float:
        """Return what a frame took, of the run and of who looks on."""
        return self._slope(1) + self._slope(2)

    def viewer_seconds_per_frame(self) -> float:
        """Return the part of who looks on."""
        return self._slope(2)

    def _slope(self, which: int) -> float:
        first, last = self._marks[0], self._marks[-1]
        return (last[which] - first[which]) / (last[0] - first[0])


def _run_has_ended() -> bool:
    return '"finished"' in list_runs()[0].events.read_text()


def _elapsed() -> float:
    """Return what the youngest run says it took."""
    last = list_runs()[0].events.read_text().splitlines()[-1]
    return float(json.loads(last)["elapsed"])
