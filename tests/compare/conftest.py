"""A small film with sound, and a style."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.films import cut, moving_square, pan, write_film
from tests.video_io import random_style


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return random_style(tmp_path, strong=True)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A pan of 7 frames, and after a cut a moving square of 5, with sound."""
    scene = cut(pan(frames=7), moving_square(frames=5, seed=5))
    return write_film(tmp_path / "film.mkv", scene.frames, audio=True)
