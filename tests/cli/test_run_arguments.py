from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.errors import SettingsError, StyleError
from streamstyle.settings import Method

pytestmark = pytest.mark.usefixtures("home")


def test_arguments_become_a_film_an_output_and_settings() -> None:
    wanted = parse_run_arguments(
        ["film.mp4", "--style", "wave:0.6,starry_night", "--method", "LIVE", "--height", "48", "--range", "1-2"]
    )
    assert wanted.movie == Path("film.mp4")
    assert wanted.output == Path("film.wave+starry_night.mkv")
    assert wanted.settings.consistency.method is Method.live
    assert (wanted.settings.source.height, wanted.settings.source.start, wanted.settings.source.end) == (48, 1, 2)


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
def test_what_a_run_would_refuse_is_refused(options: list[str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        parse_run_arguments(["film.mp4", *options])
