"""The start screen: its keys, pages and file pickers, with a fake client."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from streamstyle.tui.screens.file_picker import FilePicker
from streamstyle.tui.setup.preview import Scrubber
from tests.tui.pilot import screen_text, wait_until
from tests.tui.setup.setup_harness import SetupApp, copied_options, fill_in, run_setup


def test_keys_and_mouse_choose_the_frame() -> None:
    times = []

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        for keys in ("plus", "minus", "full_stop", "comma"):
            await pilot.press(keys)
            times.append(app.client.last_request("preview")["time"])
        app.screen.query_one(Scrubber).focus()
        await pilot.press("end", "home", "right")
        times.append(app.client.last_request("preview")["time"])
        await pilot.click(Scrubber, offset=(30, 0))
        times.append(app.client.last_request("preview")["time"])

    run_setup(steps)
    assert times[:5] == pytest.approx([82.0, 65.6, 66.6, 65.6, 16.4])
    assert 100 < times[5] < 160


def test_preview_is_swapped_compared_and_magnified() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        whole = app.client.last_request("preview")
        await pilot.press("x")
        assert "film · 1:06" in screen_text(pilot)
        await pilot.press("c")
        await pilot.pause()
        shown = screen_text(pilot)
        assert "film · 1:06" in shown
        assert "scream · 1:06" in shown
        one_of_two = app.client.last_request("preview")
        assert one_of_two["width"] * one_of_two["height"] < 0.6 * whole["width"] * whole["height"]
        await pilot.press("w")
        await pilot.pause()
        assert "film | scream · 1:06" in screen_text(pilot)
        await pilot.press("w", "z")
        await pilot.pause()
        assert "centre at full resolution" in screen_text(pilot)
        assert app.client.last_request("preview")["detail"]

    run_setup(steps)


def test_p_reports_a_terminal_without_graphics() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("p")
        assert "neither sixels nor kitty" in app.notes[0]

    run_setup(steps)


def test_panels_are_pages_on_a_small_terminal() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        for key, text in (("1", "1280x720"), ("2", "strength"), ("3", "method"), ("4", "scream · 1:06")):
            await pilot.press(key)
            await pilot.pause()
            assert text in screen_text(pilot)
        await pilot.click("#pages", offset=(12, 0))
        assert "strength" in screen_text(pilot)

    run_setup(steps, size=(40, 12))


def test_all_panels_are_shown_on_a_large_terminal() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        shown = screen_text(pilot)
        assert all(text in shown for text in ("1280x720", "strength", "method", "scream · 1:06", "Start"))
        assert app.client.last_request("styles")["height"] == 20
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert "method" not in screen_text(pilot)
        assert app.client.last_request("styles")["height"] == 8

    run_setup(steps, size=(200, 60))


def test_help_names_every_key() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("question_mark")
        shown = screen_text(pilot)
        assert "Start the run" in shown
        assert "Copy the command line" in shown
        await pilot.press("escape")
        assert "Start the run" not in screen_text(pilot)

    run_setup(steps)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_quit_starts_no_run(key: str) -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press(key)

    app = run_setup(steps)
    assert (app.request, app.return_code) == (None, 0)


def test_letters_are_text_in_a_field_until_escape() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        await fill_in(pilot, "output", *"quiz")
        assert "^y Copy" in screen_text(pilot)
        await pilot.press("escape", "y")

    assert copied_options(run_setup(steps)) == "--style scream -o quiz"


def test_without_a_film_the_file_picker_opens() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        assert isinstance(app.screen, FilePicker)
        await pilot.press("escape", "ctrl+s")
        assert isinstance(app.screen, FilePicker)
        await pilot.press("escape")
        assert "choose a film" in screen_text(pilot)

    assert run_setup(steps, film=None).request is None


def test_dropped_image_becomes_the_style() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        app.post_message(events.Paste("'/pictures/my aunt.jpg'"))
        await wait_until(pilot, lambda: "my aunt.jpg · 1:06" in screen_text(pilot))
        await pilot.press("y")

    assert copied_options(run_setup(steps)) == "--style '/pictures/my aunt.jpg'"


@pytest.mark.parametrize("how", ["i", "f3", "last row"])
def test_file_picker_opens_for_an_image(how: str) -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        if how == "last row":
            app.screen.query_one("#styles", OptionList).focus()
        await pilot.press(*(("end", "enter") if how == "last row" else (how,)))
        await pilot.pause()
        assert "Choose an image" in screen_text(pilot)

    run_setup(steps)


@pytest.mark.parametrize("how", ["f", "f2", "click"])
def test_file_picker_opens_for_another_film(how: str) -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await (pilot.click("#choose-film") if how == "click" else pilot.press(how))
        await pilot.pause()
        assert "Choose a film" in screen_text(pilot)

    run_setup(steps)


def test_key_bar_can_be_clicked() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.click("#key-bar", offset=(2, 0))
        assert "Start the run" in screen_text(pilot)
        await pilot.press("escape")
        await pilot.click("#key-bar", offset=(screen_text(pilot).splitlines()[-1].index("y Copy") + 1, 0))

    assert copied_options(run_setup(steps)) == "--style scream"


def test_more_options_are_unfolded_on_a_click() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        await pilot.click("#more CollapsibleTitle")
        await pilot.pause()
        await fill_in(pilot, "iterations", "down")
        assert "L-BFGS iterations per frame" in screen_text(pilot)
        await pilot.press("ctrl+y")

    assert copied_options(run_setup(steps)) == "--style scream --iterations 29"
