"""Fixtures of the terminal UI: its terminal, and a run to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.events import FrameWritten, ShotStarted, Warned
from streamstyle.runs.folder import VIEWS, RunFolder, runs_folder
from tests.tui.fake_run import FakeRun, preview, started, status_sample


@pytest.fixture(autouse=True)
def _terminal(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use an empty home folder, and a terminal with 24-bit colours."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def fake_run(home: Path) -> FakeRun:
    """A run of 132 frames in its second shot, 57 of them done; its process is this one, so it is running."""
    fake_run = FakeRun(RunFolder(runs_folder() / "20261124-201500-film-1"))
    fake_run.folder.create(["run", "film.mkv", "--style", "wave"])
    fake_run.emit(started("film.mkv", "film.wave.mkv", 132))
    fake_run.emit(Warned("stream #2 is left out: .mkv cannot hold tmcd"))
    for shot in range(2):
        fake_run.emit(ShotStarted(shot, 40 * shot, 1.6 * shot))
    fake_run.emit(FrameWritten(57, 132, 2.28, 55.0))
    fake_run.emit(status_sample(57))
    fake_run.emit(preview(fake_run.folder, 57, VIEWS))
    return fake_run
