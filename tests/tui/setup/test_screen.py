"""The start screen: its keys, fields, requests and messages, with a fake client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from streamstyle.events import FrameWritten
from streamstyle.runs.folder import RunFolder, runs_folder
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.setup.client import Reply, RequestError
from streamstyle.tui.setup.screen import SetupScreen
from tests.tui.fake_run import FakeRun, started
from tests.tui.pilot import FAKE_PROGRAM, run_app, run_request, screen_text, wait_for_text, wait_until
from tests.tui.setup.setup_harness import FILM, SetupApp, copied_options, fill_in, run_setup
from tests.tui.test_attach import ended


def test_film_facts_and_preview_in_the_first_style_are_shown() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        shown = screen_text(pilot)
        for text in (
            "film.mp4",
            "1280x720 · h264 · 1.1 MB",
            "5:28 · 25 fps · 8200 frames",
            "audio aac eng",
            "turned by",
        ):
            assert text in shown
        assert "The Scream" in shown
        assert "scream · 1:06" in shown
        assert "$ streamstyle run film.mp4 --style scream" in shown
        assert "film.wave.mkv" not in shown, "the options are on another page"

    app = run_setup(steps)
    assert [parameters["draft"] for kind, parameters in app.client.requests if kind == "preview"][-2:] == [True, False]


def test_highlighted_style_is_previewed() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("down")
        assert "wave · 1:06" in screen_text(pilot)
        await pilot.press("y")

    assert copied_options(run_setup(steps)) == "--style wave"


def test_estimate_is_requested_after_a_pause() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("down", "down", "up")
        await wait_until(pilot, lambda: "≈ 12 min · 11 fps · 42 MB of 80 GB free" in screen_text(pilot))
        assert app.client.last_request("estimate")["arguments"] == ("film.mp4", "--style", "wave")
        count = app.client.request_count("estimate")
        await pilot.press("x")
        await pilot.pause(0.9)
        assert app.client.request_count("estimate") == count, "another view needs no estimate"

    run_setup(steps)


def test_outdated_estimate_is_not_shown() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await wait_until(pilot, lambda: app.client.request_count("estimate"))
        outdated = app.client.last_request("estimate")
        await pilot.press("down")
        app.client.reply(Reply("estimate", outdated, app.client.answer_estimate({})))
        assert "≈" not in screen_text(pilot)

    run_setup(steps, prepare=lambda client: client.silent.add("estimate"))


def test_options_appear_on_the_command_line() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        await fill_in(pilot, "method", "right")
        assert "optimised by a loss network" in screen_text(pilot)
        await fill_in(pilot, "height", "right", "right")
        await fill_in(pilot, "range-option", "right")
        await fill_in(pilot, "sample-length", "end", "backspace", "backspace", "5", "s")
        await fill_in(pilot, "crf", "up", "up")
        await fill_in(pilot, "output", *"a.mkv")
        await pilot.press("ctrl+y")

    app = run_setup(steps)
    assert copied_options(app) == "--style scream --sample 15s --method consistent --height 480 --crf 20 -o a.mkv"


def test_style_settings_appear_on_the_command_line() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await fill_in(pilot, "strength", "down", "down")
        await fill_in(pilot, "preserve-colour", "space")
        await fill_in(pilot, "second-style", "right", "right")
        await fill_in(pilot, "second-weight", "down", "down")
        await pilot.press("ctrl+y")
        assert "scream and wave · 1:06" in screen_text(pilot)

    assert copied_options(run_setup(steps)) == "--style scream:0.7,wave:0.3 --strength 0.8 --preserve-colour"


def test_invalid_value_is_shown_at_its_field_and_not_checked() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        before = app.client.request_count("check")
        await fill_in(pilot, "crf", "9", "9")
        assert "--crf cannot be 99" in screen_text(pilot)
        await pilot.pause(0.9)  # longer than what is valid waits to be measured
        assert "an option is invalid" in screen_text(pilot)
        assert app.client.request_count("check") == before + 1, "only the 9, before it became 99, is checked"
        await pilot.press("ctrl+s")
        await fill_in(pilot, "crf", "backspace")
        assert "--crf cannot be" not in screen_text(pilot)

    assert run_setup(steps).request is None


@pytest.mark.parametrize(
    ("error", "field"),
    [
        (RequestError("--codec libx26 is no video encoder here", "Nearest: libx264.", 2), "codec"),
        (RequestError("the folder /x cannot be written to", "Give another output with -o.", 4), "output"),
    ],
)
def test_check_error_is_shown_at_its_field(error: RequestError, field: str) -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("3")
        assert app.screen.query_one(f"#field-{field}").has_class("-invalid")
        assert error.problem[:20] in screen_text(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause()

    assert run_setup(steps, prepare=lambda client: client.errors.update(check=error)).request is None


@pytest.mark.parametrize("how", ["ctrl+s", "f5", "click"])
def test_start_closes_the_screen_with_the_run(how: str) -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await (pilot.click("#start") if how == "click" else pilot.press(how))
        await wait_until(pilot, lambda: app.request)

    assert run_setup(steps).request == RunRequest(("film.mp4", "--style", "scream"), FILM, Path("film.wave.mkv"))


def test_start_waits_for_the_check() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await pilot.press("ctrl+s")
        assert app.request is None
        parameters = app.client.last_request("check")
        app.client.reply(Reply("check", parameters, app.client.answer_check(parameters)))
        await wait_until(pilot, lambda: app.request)

    assert run_setup(steps, prepare=lambda client: client.silent.add("check")).request is not None


@pytest.mark.parametrize(
    ("key", "options"), [("o", ("-y",)), ("k", ("-o", "film.wave-2.mkv")), ("c", None), ("escape", None)]
)
def test_existing_output_is_asked_about(key: str, options: tuple[str, ...] | None) -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        app.client.output_exists = True
        await pilot.press("down", "ctrl+s")
        await wait_for_text(pilot, "film.wave.mkv exists")
        await pilot.press(key)
        await wait_until(pilot, lambda: app.request if options else "film.wave.mkv exists" not in screen_text(pilot))

    request = run_setup(steps).request
    assert (request and request.arguments[3:]) == options


@pytest.mark.parametrize(
    ("keys", "options"),
    [("a", ("--restart",)), ("k", ("-o", "film.wave-2.mkv")), ("c", None), ("oa", ("-y", "--restart"))],
)
def test_partial_output_of_other_settings_is_asked_about(keys: str, options: tuple[str, ...] | None) -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        app.client.resume_problem = "film.wave.partial.mkv was started with --crf 18"
        app.client.output_exists = "o" in keys
        await pilot.press("down", "ctrl+s")
        for key in keys:
            await wait_for_text(pilot, "film.wave.mkv exists" if key == "o" else "started with --crf 18")
            await pilot.press(key)
        await wait_until(pilot, lambda: app.request if options else "started with --crf 18" not in screen_text(pilot))

    request = run_setup(steps).request
    assert (request and request.arguments[3:]) == options


def test_partial_output_can_be_resumed_with_its_own_settings(home: Path) -> None:
    fake_run = FakeRun(RunFolder(runs_folder() / "20261124-201500-film-1"))
    own = ("film.mp4", "--style", "night", "--crf", "18", "-o", "film.wave.mkv")
    fake_run.folder.create(["run", *own, "--json", "--run-folder", "x"])
    fake_run.emit(started("film.mp4", "film.wave.mkv", 132))
    fake_run.emit(FrameWritten(57, 132, 2.28, 55.0))
    ended(fake_run)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        app.client.resume_problem = "film.wave.partial.mkv was started with --crf 18"
        await pilot.press("down", "ctrl+s")
        await wait_for_text(pilot, "resume it with the settings that it was begun with")
        await pilot.press("r")
        await wait_until(pilot, lambda: app.request)

    request = run_setup(steps).request
    assert request is not None
    assert request.arguments == ("--no-config", *own)


def test_failed_trial_run_refuses_the_start() -> None:
    error = RequestError("this machine has no GPU", "Use --device cpu.", 6)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await wait_for_text(pilot, "this machine has no GPU")
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.notes == [str(error)])
        app.client.errors.clear()
        await pilot.press("down", "ctrl+s")
        await wait_until(pilot, lambda: app.request)

    run_setup(steps, prepare=lambda client: client.errors.update(estimate=error))


class FakeRunApp(SetupApp):
    """Starts fake runs."""

    options: tuple[str, ...] = ()
    folder = Path()

    def on_setup_screen_run_chosen(self, message: SetupScreen.RunChosen) -> None:
        message.prevent_default()
        self._program = FAKE_PROGRAM
        self._show_run(run_request(self.folder, *self.options))


def test_run_that_could_not_start_returns_to_the_settings(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await fill_in(pilot, "style-scale", "2")
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.notes)
        assert app.notes == ["there is no style wave9. Try `streamstyle styles`."]
        await wait_for_text(pilot, "style scale   2")
        app.options = ("--frames", "2", "--seconds", "0.01")
        await pilot.press("ctrl+s")
        await wait_for_text(pilot, "Finished in")
        await pilot.press("escape")
        await wait_for_text(pilot, "style scale   2")

    app = FakeRunApp(FILM)
    app.folder, app.options = tmp_path, ("--refuse",)
    assert run_app(app, steps) is None, "Esc on a summary does not quit"


def test_unreadable_film_shows_the_error_until_another_is_chosen() -> None:
    error = RequestError("film.mp4 was cut short", "Copy it again.", 3)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        assert "film.mp4 was cut short. Copy it again." in screen_text(pilot)
        assert app.client.request_count("check") == app.client.request_count("preview") == 0
        app.client.errors.clear()
        app.post_message(events.Paste("file:///films/other.mp4"))
        await pilot.pause()
        assert "other.mp4" in screen_text(pilot)
        assert app.client.last_request("preview")["arguments"][0] == "/films/other.mp4"

    run_setup(steps, prepare=lambda client: client.errors.update(video=error))


def test_preview_error_replaces_the_preview() -> None:
    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        app.client.errors["preview"] = RequestError("film.mp4 does not exist", "Check the name and the folder.", 3)
        await pilot.press("plus")
        assert "film.mp4 does not exist." in screen_text(pilot)

    run_setup(steps)


def test_impossible_run_is_not_estimated_and_its_error_stays() -> None:
    error = RequestError("the folder /films cannot be written to", "Give another output with -o.", 4)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await wait_until(pilot, lambda: "the folder /films cannot be written to" in screen_text(pilot))
        await pilot.pause(1.0)
        assert "the folder /films cannot be written to" in screen_text(pilot)
        assert app.client.request_count("estimate") == 0
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.notes == [str(error)])

    assert run_setup(steps, prepare=lambda client: client.errors.update(check=error)).request is None


def test_start_with_an_unreadable_film_shows_the_error() -> None:
    error = RequestError("notes.mkv is not a film", "Give a video file, such as an mp4 or mkv.", 3)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        await wait_until(pilot, lambda: "notes.mkv is not a film" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.notes == [str(error)])

    assert run_setup(steps, prepare=lambda client: client.errors.update(video=error)).request is None


def test_unreadable_image_keeps_the_style() -> None:
    error = RequestError("notes.jpg is not an image", "Give a JPEG, PNG, WebP or TIFF file.", 5)

    async def steps(pilot: Pilot[Any], app: SetupApp) -> None:
        app.post_message(events.Paste("/pictures/notes.jpg"))
        await pilot.pause()
        assert app.notes == [str(error)]
        await pilot.press("y")

    assert (
        copied_options(run_setup(steps, prepare=lambda client: client.errors.update(image=error))) == "--style scream"
    )
