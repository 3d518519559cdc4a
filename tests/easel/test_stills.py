from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streamstyle.easel.stills import Box, Stills, is_exact
from streamstyle.easel.wish import Wish, wish_of
from streamstyle.errors import FilmError
from streamstyle.film import Film
from streamstyle.stages.source import glance
from tests.films import flat, pan, write_film

pytestmark = pytest.mark.usefixtures("home")

BOX = Box(48, 48)
RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """A second of red, then a second of blue."""
    frames = np.concatenate([flat(RED, 25, 96, 64), flat(BLUE, 25, 96, 64)])
    return glance(write_film(tmp_path / "film.mp4", frames))


def wish(film: Film, *options: str) -> Wish:
    return wish_of([str(film.path), "--style", "wave", *options])


@pytest.mark.parametrize(("time", "colour"), [(0, RED), (0.9, RED), (1.1, BLUE), (2, BLUE), (99, BLUE)])
def test_a_still_is_of_its_moment(film: Film, time: float, colour: tuple[int, int, int]) -> None:
    still = Stills().source(film, time, wish(film), BOX)
    assert still.shape == (32, 48, 3)
    assert np.abs(still.reshape(-1, 3).mean(0) - colour).max() < 6


def test_painting_changes_the_picture_and_no_strength_gives_it_back(film: Film) -> None:
    stills = Stills()
    source = stills.source(film, 0.5, wish(film), BOX).astype(int)
    painted = stills.painted(film, 0.5, wish(film), BOX, draft=False).astype(int)
    given_back = stills.painted(film, 0.5, wish(film, "--strength", "0"), BOX, draft=False).astype(int)
    assert np.abs(painted - source).mean() > 10
    assert np.abs(given_back - source).max() <= 1


def test_detail_is_the_middle_pixel_by_pixel(tmp_path: Path) -> None:
    frames = pan(frames=3, width=96, height=64).frames
    film = glance(write_film(tmp_path / "film.mkv", frames))
    still = Stills().source(film, 0, wish(film), Box(20, 10, detail=True))
    assert still.shape == (10, 20, 3)
    assert np.abs(still.astype(int) - frames[0, 27:37, 38:58]).mean() < 4


def test_a_draft_of_a_large_film_is_painted_small(tmp_path: Path) -> None:
    film = glance(write_film(tmp_path / "film.mkv", flat(RED, 2, 800, 480)))
    assert not is_exact(film, wish(film), BOX)
    assert is_exact(film, wish(film, "--height", "360"), BOX)
    draft = Stills().painted(film, 0, wish(film), BOX, draft=True)
    exact = Stills().painted(film, 0, wish(film), BOX, draft=False)
    assert draft.shape == exact.shape == (29, 48, 3)


def test_a_moment_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mkv", flat(RED, 50, 96, 64))
    film = glance(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:600] + bytes(len(whole) - 600))
    with pytest.raises(FilmError):
        Stills().source(film, 1.5, wish(film), BOX)
