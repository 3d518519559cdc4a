"""Runs to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.events import FrameWritten, ShotStarted, Warned
from streamstyle.runs.folder import VIEWS, RunFolder, runs_folder
from tests.tui.fake_run import FakeRun, preview, started, status_sample


@pytest.fixture(autouse=True)
def _terminal(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own, and a terminal that shows all colours, whatever the tests are run in."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def voice(home: Path) -> FakeRun:
    """A run of 132 frames that this very process owns, so that it lives: 57 are painted, the second shot is on."""
    voice = FakeRun(RunFolder(runs_folder() / "20261124-201500-film-1"))
    voice.folder.create(["run", "film.mkv", "--style", "wave"])
    voice.emit(started("film.mkv", "film.wave.mkv", 132))
    voice.emit(Warned("stream #2 is left out: .mkv cannot hold tmcd"))
    for shot in range(2):
        voice.emit(ShotStarted(shot, 40 * shot, 1.6 * shot))
    voice.emit(FrameWritten(57, 132, 2.28, 55.0))
    voice.emit(status_sample(57))
    voice.emit(preview(voice.folder, 57, VIEWS))
    return voice
