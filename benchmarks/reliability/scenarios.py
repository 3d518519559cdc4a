"""Films of a second's work, and the commands that stylise them losslessly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

from tests.films import Extras, cut, moving_square, pan, write_film

FRAMES = 16
"""Of a source film, one a second: a run of it has three or four resume points."""

_RATE = 1
_SHOT = FRAMES // 2 - 1
"""Frames of the first of two shots."""


@dataclass(frozen=True)
class Scenario:
    """A source film and how it is run."""

    name: str
    container: str = "mkv"
    options: tuple[str, ...] = ("--method", "johnson")
    variable_rate: bool = False
    upscales: bool = False
    """Whether the command is `upscale`."""
    codec: tuple[str, ...] = ("--codec", "libx264", "--crf", "0", "--preset", "ultrafast")

    def arguments(self, source: Path, output: Path) -> list[str]:
        """Return those of the command line."""
        command = ["upscale", str(source)] if self.upscales else ["run", str(source), "--style", "wave"]
        return [*command, *self.options, *self.codec, "--threads", "1", "-o", str(output), "-y", "--json"]


_LIVE, _CONSISTENT = ("--method", "live"), ("--method", "consistent", "--iterations", "2")
_FFV1 = ("--codec", "ffv1")

SCENARIOS = (
    Scenario("mkv johnson"),
    Scenario("mkv live", options=_LIVE),
    Scenario("mkv consistent", options=_CONSISTENT),
    Scenario("mkv live lookback", options=(*_LIVE, "--lookback", "1,2,4"), codec=_FFV1),
    Scenario("mkv live vfr", options=_LIVE, variable_rate=True),
    Scenario("mkv consistent range", options=(*_CONSISTENT, "--range", "2-13"), codec=_FFV1),
    Scenario("mkv johnson upscaled", options=("--method", "johnson", "--upscale", "2")),
    Scenario("mkv upscale", options=("--factor", "2"), upscales=True),
    Scenario("mp4 johnson", "mp4"),
    Scenario("mp4 live", "mp4", _LIVE),
    Scenario("mp4 consistent vfr", "mp4", _CONSISTENT, variable_rate=True),
    Scenario("mp4 live range", "mp4", (*_LIVE, "--range", "3-12.5")),
    Scenario("mp4 upscale", "mp4", ("--factor", "2"), upscales=True),
)


def write_source(path: Path, seed: int, *, variable_rate: bool = False) -> Path:
    """Write a film of two shots with sound, subtitles and chapters; `path` names the container."""
    random = Random(seed)
    width, height = random.choice([(64, 48), (80, 64), (96, 64)])
    moving = moving_square(frames=FRAMES - _SHOT, width=width, height=height, seed=seed + 1)
    frames = cut(pan(_SHOT, width, height, seed=seed), moving).frames
    if variable_rate:
        gaps = [random.choice([400, 800, 1200, 1600]) for _ in range(FRAMES)]
        pts, time_base = [sum(gaps[:index]) for index in range(FRAMES)], Fraction(1, 1000)
    else:
        pts, time_base = list(range(FRAMES)), Fraction(1, _RATE)
    extras = Extras(
        subtitles=[(1.0, 2.5, "One"), (6.0, 7.5, "Two"), (11.0, 12.0, "Three")],
        subtitle_codec="mov_text" if path.suffix == ".mp4" else "subrip",
        chapters=[(0.0, 7.0, "First"), (7.0, 15.0, "Second")],
    )
    return write_film(path, frames, rate=_RATE, pts=pts, time_base=time_base, audio=True, extras=extras)
