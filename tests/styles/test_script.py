"""Scripts of films: what they mean, and how errors are reported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streamstyle.errors import SettingsError
from streamstyle.looks import Looks, StyleBlend
from streamstyle.settings import StyleSettings
from streamstyle.styles.script import read_script
from streamstyle.styles.spec import parse_style
from tests.films import png, texture

pytestmark = pytest.mark.usefixtures("home")

WAVE, NIGHT = "wave", "starry_night"


def script(folder: Path, text: str, style: str | None = None, settings: StyleSettings | None = None) -> Looks:
    (folder / "film.toml").write_text(text)
    return read_script(folder / "film.toml", parse_style(style) if style else None, settings or StyleSettings())


def names(looks: Looks, *times: float) -> list[str]:
    return [looks.at(time).style.name for time in times]


def test_a_shot_says_what_it_is_stylised_in_and_the_top_what_the_others_are(tmp_path: Path) -> None:
    looks = script(
        tmp_path,
        """
        style = "wave"
        strength = 0.5
        [[shot]]
        start = 1
        [[shot]]
        start = "0:02.5"
        style = "starry_night"
        preserve-colour = true
        [[shot]]
        start = 00:00:04
        strength = 1
        """,
    )
    assert names(looks, 0, 1, 2.4, 2.5, 3.9, 4) == [WAVE, WAVE, WAVE, NIGHT, NIGHT, WAVE]
    assert [looks.at(time).strength for time in (0, 2, 3, 5)] == [0.5, 0.5, 0.5, 1]
    assert [looks.at(time).preserve_colour for time in (2, 3, 5)] == [0, 1, 0]


def test_what_neither_shot_nor_top_says_the_command_line_says(tmp_path: Path) -> None:
    looks = script(tmp_path, "[[shot]]\nstart = 1\nend = 2\nstrength = 1", NIGHT, StyleSettings(0.3, 2, True))
    assert names(looks, 0, 1, 2) == [NIGHT] * 3
    assert [looks.at(time).strength for time in (0, 1, 2)] == [0.3, 1, 0.3]
    assert looks.at(1).style_scale == 2
    assert looks.at(1).preserve_colour == 1


def test_keys_within_a_shot_are_interpolated_and_keep_what_they_do_not_say(tmp_path: Path) -> None:
    looks = script(
        tmp_path,
        """
        [[shot]]
        start = 0
        style = "wave"
        style_scale = 2.0
        [[shot.key]]
        time = 1
        [[shot.key]]
        time = 2
        strength = 0.0
        """,
    )
    assert [looks.at(time).strength for time in (0, 0.5, 1, 1.25, 2, 3)] == [1, 1, 1, 0.75, 0, 0]
    assert looks.at(2).style_scale == 2


def test_an_image_is_found_beside_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film" / "own.png").write_bytes(png(texture(40, 40)))
    looks = script(tmp_path / "film", '[[shot]]\nstart = 0\nstyle = "own.png:0.5,wave:0.5"')
    assert looks.at(0).style.parts[0].path == tmp_path / "film" / "own.png"


def test_masks_are_named_at_the_top_or_in_a_shot(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(png(texture(40, 40)))
    looks = script(
        tmp_path,
        """
        style = "wave"
        mask = "one.png"
        outside = "starry_night"
        [[shot]]
        start = 1
        mask = "two.png"
        [[shot]]
        start = 2
        mask = false
        [[shot]]
        start = 3
        outside = "original"
        """,
    )
    first, second, third, fourth = (looks.mask_at(time) for time in (0, 1, 2, 3))
    assert first is not None
    assert second is not None
    assert first.path == tmp_path / "one.png"
    assert second.path == tmp_path / "two.png"
    assert first.outside == second.outside == parse_style(NIGHT)
    assert third is None
    assert fourth is not None
    assert fourth.outside is None


def test_a_method_is_that_of_the_shot_of_the_top_or_of_the_command_line(tmp_path: Path) -> None:
    text = "style = 'wave'\n[[shot]]\nstart = 0\nmethod = 'johnson'\n[[shot]]\nstart = 1\n[[shot]]\nstart = 2\n"
    looks = script(tmp_path, text)
    assert [looks.method_at(time) for time in (0, 1, 2)] == ["johnson", "live", "live"]
    assert [looks.breaks(time - 0.1, time) for time in (1, 2)] == [True, False]
    assert script(tmp_path, f"method = 'consistent'\n{text}").methods == {"johnson", "consistent"}


def test_the_examples_of_the_documentation(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "directing.md").read_text()
    scripts = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    for name in ("my.jpg", "people.mkv"):
        (tmp_path / name).write_bytes(png(texture(40, 40)))
    first, second = (script(tmp_path, text) for text in scripts)
    assert len(first.stretches) == 5, "the last shot ends, and what stands at the top goes on"
    assert first.at(13.5).style.shares() == parse_style("wave,the_scream").shares()
    assert first.at(63).strength == 0
    assert first.at(65).strength == 1
    assert first.breaks(64.9, 65)
    assert second.mask_at(0) is not None
    assert second.mask_at(3723) is None


ERRORS = {
    "style = 'wave'\nmask = 'none.png'": ("line 2: mask", "Give an image, a film"),
    "style = 'wave'\nmask = true": ("line 2: mask cannot be true", "Give the name of a file, or false."),
    "style = 'wave'\noutside = 'wav'": ("line 2: outside", "Did you mean wave"),
    "style = 'wave'\n[[shot]]\nstart = 0\n[[shot.key]]\ntime = 1\nmask = 'a.png'": ("line 6: mask is no key", "Known"),
    "style = 'wave'\n[[shot]]\nstart = 0\nstrenght = 0.5": ("line 4: strenght is no key", "Did you mean strength?"),
    "style = 'wave'\n[[shots]]\nstart = 0": ("shots is no key", "Did you mean shot?"),
    "style = 'wave'\n\n[[shot]]\nstart = 0\nstrength = 1.5": ("line 5: strength cannot be 1.5", "Give 0 to 1."),
    "style = 'wave'\nstyle-scale = 9": ("line 2: style-scale cannot be 9", "Give 0.25 to 4."),
    "style = 'wave'\nstrength = 'full'": ('line 2: strength cannot be "full"', "Give a number."),
    "style = 'wave'\nstrength = true": ("line 2: strength cannot be true", "Give a number."),
    "style = 'wave'\nstrength = nan": ("line 2: strength cannot be nan", "Give 0 to 1."),
    "style = 'wave'\npreserve-colour = 1": ("line 2: preserve-colour cannot be 1", "Give true or false."),
    "style = 'wave'\nmethod = 'lively'": ('line 2: method cannot be "lively"', "Give johnson or live or consistent."),
    "style = 'wave'\n[[shot]]\nstart = 0\nmethod = 'ruder'": ('line 4: method cannot be "ruder"', "Give johnson or"),
    "style = 'wave'\nmethod = ['live']": ("line 2: method cannot be", "Give johnson or"),
    "style = 3": ("line 1: style cannot be 3", "Give a text."),
    "style = 'wav'": ("line 1: style", "Did you mean wave"),
    "style = 'wave'\n[[shot]]\nstart = 'soon'": ('line 3: start cannot be "soon"', "Give a time"),
    "style = 'wave'\n[[shot]]\nstart = -1": ("line 3: start cannot be -1", "Give a time"),
    "style = 'wave'\n[[shot]]\nend = 4": ("line 2: start is missing", "Give the time of its first frame"),
    "style = 'wave'\n[[shot]]\nstart = 4\nend = 4": ("line 4: end has to be after start", "Give a later time"),
    "style = 'wave'\n[[shot]]\nstart = 4\n[[shot]]\nstart = 3": ("line 5: start is before", "Put the shots in order"),
    "style = 'wave'\n[[shot]]\nstart = 1\nend = 4\n[[shot]]\nstart = 3": ("line 6: start is before", "Put the shots"),
    "style = 'wave'\n[[shot]]\nstart = 1\n[[shot.key]]\nstrength = 0": ("line 4: time is missing", "Give the time"),
    "style = 'wave'\n[[shot]]\nstart = 1\n[[shot.key]]\ntime = 1": (
        "line 5: time has to be after 0:01.000",
        "in order",
    ),
    "style = 'wave'\n[[shot]]\nstart = 1\nend = 2\n[[shot.key]]\ntime = 3": (
        "line 6: time is after the end",
        "earlier",
    ),
    "style = 'wave'\nshot = 1": ("line 2: shot has to be a list", "Begin each with a line [[shot]]."),
    "style = 'wave'\n[shot]\nstart = 1": ("shot has to be a list", "Begin each with a line [[shot]]."),
    "[[shot]]\nstart = 0": ("line 1: style is missing", "Give style = here or at the top, or --style."),
    "[[shot]]\nstart = 1\nstyle = 'wave'": ("names no style for what begins at 0:00.000", "Give style = at its top"),
    "": ("names no style", "Give style = at its top, or --style."),
    "style = wave": ("is not TOML: Invalid value (at line 1, column 9)", "docs/directing.md"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_names_line_and_key_and_the_next_step(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        script(tmp_path, text)
    problem, step = ERRORS[text]
    assert problem in raised.value.problem
    assert step in raised.value.next_step
    assert "film.toml" in raised.value.problem
    assert "\n" not in str(raised.value)


def test_files_that_are_no_scripts(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"\xff\xd8\x00")
    for path, problem in (("film.mp4", "UTF-8"), ("none.toml", "there is no script"), (".", "is a folder")):
        with pytest.raises(SettingsError, match=problem):
            read_script(tmp_path / path, StyleBlend("wave", ()), StyleSettings())
