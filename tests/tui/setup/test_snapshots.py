"""The start screen at the sizes it is made for, as text; see tests/tui/test_snapshots.py for how they are renewed."""

from __future__ import annotations

from pathlib import Path

import pytest

import streamstyle.tui.setup.panels
from tests.tui.setup.setup_harness import SetupApp
from tests.tui.test_snapshots import SIZES, Clock, compare


@pytest.fixture(autouse=True)
def _fixed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamstyle.tui.setup.panels, "time", Clock)


@pytest.mark.parametrize("size", SIZES)
def test_styles(size: tuple[int, int]) -> None:
    compare("start-style", size, SetupApp(Path("film.mp4")), "≈ 12 min")


@pytest.mark.parametrize("size", SIZES[1:])
def test_options(size: tuple[int, int]) -> None:
    compare("start-options", size, SetupApp(Path("film.mp4")), "≈ 12 min", "3", then="method")


@pytest.mark.parametrize("size", SIZES[2:])
def test_film(size: tuple[int, int]) -> None:
    compare("start-film", size, SetupApp(Path("film.mp4")), "≈ 12 min", "1", then="1280x720")
