"""What it costs to watch: a run with the terminal UI beside one without, and how soon a key is answered meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from benchmarks.conftest import Work
from benchmarks.looped import loop_film
from benchmarks.report import Report, Row
from benchmarks.screen import Screen
from streamstyle.run_folder import all_runs

PAIRS = 3
METHODS = ("live", "consistent")
KEYS = (
    ("flip", "x", "the film · frame"),
    ("flip", "x", "painted · frame"),
    ("help", "?", "Pause after"),
    ("back from it", "q", "● painting"),
)
"""What a key does, the key, and what is drawn because of it alone."""

ROUNDS = 10


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flow is computed once, before the first pair, and is no part of the comparison; runs' folders go here, too."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.getbasetemp() / name.lower()))


@pytest.mark.parametrize("method", METHODS)
def test_watching(work: Work, tmp_path: Path, report: Report, method: str) -> None:
    """A film is painted alone and watched, in turns."""
    options = _options(work, tmp_path, method)
    _alone(options)
    alone, watched, shares, rates = [], [], [], []
    for _ in range(PAIRS):
        alone.append(_alone(options))
        seconds, share, rate = _watched(options)
        watched.append(seconds)
        shares.append(share)
        rates.append(rate)
    ratios = [with_it / without for with_it, without in zip(watched, alone, strict=True)]
    rows: list[Row] = [
        {
            "": method,
            "alone, s": median(alone),
            "watched, s": median(watched),
            "watched / alone": median(ratios),
            "from": min(ratios),
            "to": max(ratios),
            "TUI, % of a core": 100 * median(shares),
            "drawn, kB/s": median(rates) / 1000,
        }
    ]
    report.show(f"{work.film.name}, {work.style.name}, 120x40, {PAIRS} pairs", rows)


def test_keys(work: Work, tmp_path: Path, report: Report) -> None:
    """Keys are pressed while a long film is painted, which takes all cores there are."""
    film = loop_film(work.film, tmp_path / "long.mkv", 20_000)
    words = [str(film), *_options(work, tmp_path, "live")[1:]]
    screen = Screen(words)
    screen.seconds_until("painted · frame")
    took: dict[str, list[float]] = {}
    for name, key, words_then in KEYS * ROUNDS:
        screen.rest(0.37)
        screen.type(key)
        took.setdefault(name, []).append(screen.seconds_until(words_then))
    screen.type("q")
    screen.seconds_until("stop, and keep")
    screen.type("s")
    screen.seconds_until("Stopped after")
    screen.type("q")
    assert screen.close() == 130
    rows: list[Row] = [
        {"": name, "median, ms": 1000 * median(times), "worst, ms": 1000 * max(times)} for name, times in took.items()
    ]
    report.show("From a key to its first sign on a screen of 120x40, while a film is painted", rows)


def _options(work: Work, folder: Path, method: str) -> list[str]:
    words = [str(work.film), "--style", str(work.style.path), "--method", method, "-o", str(folder / "out.mkv"), "-y"]
    if work.part.size is not None:
        words += ["--size", "{}x{}".format(*work.part.size)]
    return words if work.part.end is None else [*words, "--range", f"0-{work.part.end}"]


def _alone(options: list[str]) -> float:
    """Return the seconds from the first frame on its way to the whole film, with nobody looking on."""
    said = subprocess.check_output([sys.executable, "-m", "streamstyle", "run", *options, "--json"], text=True)
    return float(json.loads(said.splitlines()[-1])["elapsed"])


def _watched(options: list[str]) -> tuple[float, float, float]:
    """Return the same with the terminal UI, the share of a core it took, and the bytes a second it drew."""
    screen = Screen(options)
    screen.seconds_until("painted · frame")
    cpu, drawn = screen.cpu(), screen.drawn
    took = screen.seconds_until("Painted in", patience=3600)
    share, rate = (screen.cpu() - cpu) / took, (screen.drawn - drawn) / took
    screen.type("q")
    assert screen.close() == 0
    return _elapsed(), share, rate


def _elapsed() -> float:
    last = all_runs()[0].events.read_text().splitlines()[-1]
    return float(json.loads(last)["elapsed"])
