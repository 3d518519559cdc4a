from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.easel.wish import part_of, wish_of
from streamstyle.errors import FilmError, SettingsError, StyleError
from streamstyle.settings import Method
from streamstyle.stages.source import glance, probe
from tests.films import pan, write_film

pytestmark = pytest.mark.usefixtures("home")


def test_a_wish_is_what_the_command_line_means() -> None:
    wish = wish_of(
        ["film.mp4", "--style", "wave:0.6,starry_night", "--method", "LIVE", "--height", "48", "--range", "1-2"]
    )
    assert wish.movie == Path("film.mp4")
    assert wish.output == Path("film.wave+starry_night.mkv")
    assert wish.settings.consistency.method is Method.live
    assert (wish.settings.source.height, wish.settings.source.start, wish.settings.source.end) == (48, 1, 2)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (["--style", "wvae"], StyleError, "wvae"),
        (["--style", "wave", "--crf", "99"], SettingsError, "--crf cannot be 99"),
        (["--style", "wave", "--crf", "much"], SettingsError, "--crf"),
        (["--style", "wave", "--sample", "2s", "--range", "1-2"], SettingsError, "together"),
        ([], SettingsError, "--style"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_as_by_run(options: list[str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        wish_of(["film.mp4", *options])


@pytest.mark.parametrize(("options", "frames"), [([], 50), (["--sample", "1s"], 25), (["--range", "0.4-1"], 15)])
def test_the_part_asked_for_is_found_without_reading_the_film(tmp_path: Path, options: list[str], frames: int) -> None:
    film = write_film(tmp_path / "pan.mp4", pan(frames=50).frames)
    wish = wish_of([str(film), "--style", "wave", "--height", "32", *options])
    part = part_of(glance(film), wish)
    assert part.frames == frames
    assert (part.width, part.height) == (48, 32)
    if not options:
        assert part == probe(film, wish.settings.source)


def test_a_part_outside_the_film_is_refused(tmp_path: Path) -> None:
    film = write_film(tmp_path / "pan.mp4", pan(frames=10).frames)
    with pytest.raises(FilmError, match="holds no frame"):
        part_of(glance(film), wish_of([str(film), "--style", "wave", "--range", "5-6"]))
