from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.errors import SettingsError, StyleError
from streamstyle.settings import Method

pytestmark = pytest.mark.usefixtures("home")


def test_style_and_colour_have_a_second_spelling() -> None:
    arguments = parse_run_arguments(["film.mkv", "-s", "wave", "--preserve-color"])
    assert (arguments.blend.name, arguments.settings.style.preserve_colour) == ("wave", True)


def test_arguments_are_parsed_to_film_output_blend_and_settings() -> None:
    arguments = parse_run_arguments(
        ["film.mp4", "--style", "wave:0.6,starry_night", "--method", "LIVE", "--height", "48", "--range", "1-2"]
    )
    assert arguments.movie == Path("film.mp4")
    assert arguments.output_name.plain_path() == Path("film.wave+starry_night.mkv")
    assert [part.weight for part in arguments.blend.parts] == [0.6, 1]
    assert arguments.settings.consistency.method is Method.live
    assert (arguments.settings.source.height, arguments.settings.source.start, arguments.settings.source.end) == (
        48,
        1,
        2,
    )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (["--style", "wvae"], StyleError, "wvae"),
        (["--style", "wave", "--crf", "99"], SettingsError, "--crf cannot be 99"),
        (["--style", "wave", "--crf", "much"], SettingsError, "--crf"),
        (["--style", "wave", "--sample", "2s", "--range", "1-2"], SettingsError, "together"),
        ([], SettingsError, "--style"),
    ],
)
def test_arguments_that_a_run_cannot_use_raise_its_error(
    options: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        parse_run_arguments(["film.mp4", *options])


@pytest.mark.parametrize(("text", "method"), [("method = 'johnson'", "johnson"), ("", "consistent")])
def test_the_one_method_of_a_script_is_that_of_the_run(tmp_path: Path, text: str, method: str) -> None:
    script = tmp_path / "film.toml"
    script.write_text(f"style = 'wave'\n{text}\n")
    parsed = parse_run_arguments(["film.mkv", "--script", str(script), "--method", "consistent"])
    assert parsed.settings.consistency.method == method
    assert parsed.settings.methods == {method}
