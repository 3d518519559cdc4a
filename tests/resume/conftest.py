"""A video of two shots, and a case that stylises it losslessly."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.settings import ConsistencySettings, Device, EncoderSettings, Method, Settings
from streamstyle.styles.spec import BlendPart, StyleBlend
from tests.films import cut, moving_square, pan, write_film
from tests.stylise_case import StyliseCase
from tests.video_io import random_style


@pytest.fixture(scope="session")
def two_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty frames of a pan, twenty of a moving square, with sound."""
    scene = cut(pan(frames=20, width=96, height=64), moving_square(frames=20, seed=5))
    return write_film(tmp_path_factory.mktemp("films") / "film.mkv", scene.frames, audio=True)


@pytest.fixture(scope="session")
def style(tmp_path_factory: pytest.TempPathFactory) -> StyleBlend:
    path = random_style(tmp_path_factory.mktemp("styles"), strong=True)
    return StyleBlend("nonsense", (BlendPart(path),))


@pytest.fixture
def case(two_shots: Path, style: StyleBlend) -> StyliseCase:
    settings = Settings(
        consistency=ConsistencySettings(method=Method.live), encoder=EncoderSettings(codec="ffv1"), device=Device.cpu
    )
    return StyliseCase(two_shots, style, settings)
