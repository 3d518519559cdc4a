"""Script, mask and key frames on the start screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Collapsible

from streamstyle.tui.setup.client import RequestError
from streamstyle.tui.setup.directing_fields import times_written
from streamstyle.tui.setup.directing_state import Directing
from streamstyle.tui.setup.fields import Field
from streamstyle.tui.setup.state import SetupState
from tests.tui.pilot import screen_text, wait_for_text, wait_until
from tests.tui.setup.setup_harness import SetupApp, copied_options, fill_in, run_setup


def test_they_appear_on_the_command_line_and_in_the_preview() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        app.screen.query_one("#directing", Collapsible).collapsed = False
        for name, text in (("mask", "mask.mkv"), ("outside", "night"), ("adapt", "5m"), ("keyframes", "0:1=a.png")):
            await fill_in(pilot, name, *text)
        await pilot.press("ctrl+y")
        assert app.client.last_request("preview")["arguments"] == app.client.last_request("check")["arguments"]

    options = copied_options(run_setup(steps))
    assert options == "--style scream --mask mask.mkv --outside night --adapt 5m --keyframe 0:1=a.png"


def test_an_error_in_the_script_is_shown_at_its_field_and_nothing_starts() -> None:
    error = RequestError("film.toml, line 3: strength cannot be 7", "Give 0 to 1.", 2)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        await wait_for_text(pilot, "film.toml, line 3: strength")
        assert app.screen.query_one("#field-script").has_class("-invalid")
        assert not app.screen.query_one("#field-strength").has_class("-invalid"), "it is the script's"
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.notes == [str(error)])

    initial = SetupState(directing=Directing(script="film.toml"))
    assert run_setup(steps, initial=initial, prepare=lambda client: client.errors.update(check=error)).request is None


def test_an_error_unfolds_the_fields() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        app.screen.query_one("#directing", Collapsible).collapsed = True
        await pilot.pause()
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: not app.screen.query_one("#directing", Collapsible).collapsed)
        await wait_for_text(pilot, "is not a time. Give")
        await wait_until(pilot, lambda: app.screen.query_one("#field-adapt", Field).control.has_focus)

    initial = SetupState(directing=Directing(adapt="soon"))
    assert run_setup(steps, initial=initial).request is None


@pytest.mark.parametrize("how", ["drop", "key"])
def test_a_script_is_chosen(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("film.toml").write_text('style = "wave"')

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.pause()
        if how == "drop":
            app.screen.post_message(events.Paste(f"'{tmp_path / 'film.toml'}'"))
        else:
            await pilot.press("s")
            await wait_for_text(pilot, "film.toml")
            await pilot.press("enter")
        await wait_until(pilot, lambda: "--script" in app.client.last_request("check")["arguments"])
        await pilot.press("4" if app.size.width < 100 else "y")
        await wait_for_text(pilot, "film.toml · 1:06")
        await pilot.press("2")
        await wait_for_text(pilot, "Style where film.toml says nothing")
        await pilot.press("y")

    assert copied_options(run_setup(steps)) == "--style scream --script film.toml"


def test_a_script_that_is_edited_is_checked_again(tmp_path: Path) -> None:
    script = tmp_path / "film.toml"
    script.write_text("strength = 7")
    error = RequestError(f"{script}, line 1: strength cannot be 7", "Give 0 to 1.", 2)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await wait_for_text(pilot, "cannot be 7")
        app.client.errors.clear()
        await pilot.pause(1.1)  # the screen has looked once
        os.utime(script, ns=(1, 1))
        await wait_until(pilot, lambda: "cannot be 7" not in screen_text(pilot))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.request)

    initial = SetupState(directing=Directing(script=str(script)))
    app = run_setup(steps, initial=initial, prepare=lambda client: client.errors.update(check=error))
    assert app.request is not None


@pytest.mark.parametrize(
    ("directing", "error"),
    [
        (Directing(keyframes="painted.png"), "'painted.png' is not a key frame"),
        (Directing(keyframes="0:1='a.png"), "Quote a path"),
        (Directing(adapt="long"), "'long' is not a time"),
    ],
)
def test_what_cannot_be_typed_is_an_error_at_its_field(directing: Directing, error: str) -> None:
    assert error in "".join(directing.errors().values())


def test_the_home_of_nobody_and_a_name_that_is_too_long_are_paths_like_others() -> None:
    """They are on the way to what is being typed."""
    directing = Directing("~nobody-here/film.toml", "m" * 300)
    state = SetupState(directing=directing, output="~nobody-here/out.mkv")
    assert list(state.arguments()[3:7]) == ["--script", directing.script, "--mask", directing.mask]
    assert state.arguments()[-1] == state.output
    assert state.fields_in_message(f"there is no script {directing.script}") == ["script"]
    assert list(times_written([*directing.files()]).values()) == [0, 0]


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        ("there is no script film.toml", "script"),
        ('film.toml, line 2: mask = "a.png": there is no mask a.png', "script"),
        ("there is no mask m.png", "mask"),
        ("the mask cannot be used: m.png is not a film", "mask"),
        ("--keyframe trains one style, not those of a --script", "keyframes"),
        ("--outside is of no use without a mask", "outside"),
        ("--crf cannot be 99", "crf"),
    ],
)
def test_the_field_that_a_message_is_about(problem: str, field: str) -> None:
    state = SetupState(directing=Directing("film.toml", "m.png", "night", "0:1=a.png"))
    assert state.fields_in_message(problem)[0] == field
