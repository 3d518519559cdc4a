"""Every key and every action of the start screen, by a person who knows what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.screens.file_picker import FilePicker
from streamstyle.tui.setup.client import Reply, RequestError
from streamstyle.tui.setup.fields import Field
from streamstyle.tui.setup.preview import Scrubber
from tests.tui.pilot import screen_text, wait_until
from tests.tui.setup.setup_harness import FakePreviewClient, SetupApp, perform

FILM = Path("film.mp4")


def run(
    act: Callable[[Pilot[Any], SetupApp], Any], film: Path | None = FILM, size: tuple[int, int] = (120, 40),
    prepare: Callable[[FakePreviewClient], None] = lambda _: None,
) -> SetupApp:  # fmt: skip
    """The screen after an act."""
    desk = SetupApp(film, prepare)
    perform(desk, lambda pilot: act(pilot, desk), size)
    return desk


async def fill_in(pilot: Pilot[Any], name: str, *keys: str) -> None:
    """Go to a field and type."""
    pilot.app.screen.query_one(f"#field-{name}", Field).control.focus()
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


def command(desk: SetupApp) -> str:
    return desk.copied.removeprefix("streamstyle run film.mp4 ")


def test_the_film_is_known_and_seen_in_the_first_style() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        shown = screen_text(pilot)
        for words in (
            "film.mp4",
            "1280x720 · h264 · 1.1 MB",
            "5:28 · 25 fps · 8200 frames",
            "audio aac eng",
            "turned by",
        ):
            assert words in shown
        assert "The Scream" in shown
        assert "scream · 1:06" in shown
        assert "$ streamstyle run film.mp4 --style scream" in shown
        assert "film.wave.mkv" not in shown, "the options are another page"

    desk = run(act)
    assert [question["draft"] for ask, question in desk.client.requests if ask == "preview"][-2:] == [True, False]


def test_walking_through_the_styles_shows_each() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("down")
        assert "wave · 1:06" in screen_text(pilot)
        await pilot.press("y")

    assert command(run(act)) == "--style wave"


def test_the_cost_follows_when_nothing_has_changed_for_a_while() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("down", "down", "up")
        await wait_until(pilot, lambda: "≈ 12 min · 11 fps · 42 MB of 80 GB free" in screen_text(pilot))
        assert desk.client.last_request("estimate")["arguments"] == ("film.mp4", "--style", "wave")
        asked = desk.client.request_count("estimate")
        await pilot.press("x")
        await pilot.pause(0.9)
        assert desk.client.request_count("estimate") == asked, "another view costs the same"

    run(act)


def test_a_cost_that_is_no_longer_that_of_the_choices_is_not_shown() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await wait_until(pilot, lambda: desk.client.request_count("estimate"))
        late = desk.client.last_request("estimate")
        await pilot.press("down")
        found = desk.client.answer_estimate({})
        desk.client.reply(Reply("estimate", late, found))
        assert "≈" not in screen_text(pilot)

    run(act, prepare=lambda easel: easel.silent.add("estimate"))


def test_options_go_onto_the_command_line() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("3")
        await fill_in(pilot, "method", "left")
        assert "carried over from frame to frame" in screen_text(pilot)
        await fill_in(pilot, "height", "right", "right")
        await fill_in(pilot, "part", "right")
        await fill_in(pilot, "length", "end", "backspace", "backspace", "5", "s")
        await fill_in(pilot, "crf", "up", "up")
        await fill_in(pilot, "output", *"a.mkv")
        await pilot.press("ctrl+y")

    done = run(act)
    assert command(done) == "--style scream --sample 15s --method live --height 480 --crf 20 -o a.mkv"


def test_the_look_of_a_style_is_asked_for_beside_it() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await fill_in(pilot, "strength", "down", "down")
        await fill_in(pilot, "preserve-colour", "space")
        await fill_in(pilot, "second", "right", "right")
        await fill_in(pilot, "share", "down", "down")
        await pilot.press("ctrl+y")
        assert "scream and wave · 1:06" in screen_text(pilot)

    assert command(run(act)) == "--style scream:0.7,wave:0.3 --strength 0.8 --preserve-colour"


def test_what_cannot_be_is_said_at_the_field_and_nothing_is_asked_about_it() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("3")
        before = desk.client.request_count("check")
        await fill_in(pilot, "crf", "9", "9")
        assert "--crf cannot be 99" in screen_text(pilot)
        assert "something cannot be as it is set" in screen_text(pilot)
        assert desk.client.request_count("check") == before + 1, "of the 9 before it was 99"
        await pilot.press("ctrl+s")
        await fill_in(pilot, "crf", "backspace")
        assert "--crf cannot be" not in screen_text(pilot)

    assert run(act).request is None


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        (RequestError("--codec libx26 is no video encoder here", "Nearest: libx264.", 2), "codec"),
        (RequestError("the folder /x cannot be written to", "Give another output with -o.", 4), "output"),
    ],
)
def test_what_a_run_would_refuse_is_said_at_its_field(refusal: RequestError, field: str) -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("3")
        assert desk.screen.query_one(f"#field-{field}").has_class("-refused")
        assert refusal.problem[:20] in screen_text(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause()

    assert run(act, prepare=lambda easel: easel.errors.update(check=refusal)).request is None


@pytest.mark.parametrize("how", ["ctrl+s", "f5", "click"])
def test_the_run_begins(how: str) -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await (pilot.click("#start") if how == "click" else pilot.press(how))
        await pilot.pause()

    assert run(act).request == RunRequest(("film.mp4", "--style", "scream"), FILM, Path("film.wave.mkv"))


def test_a_run_asked_for_too_early_begins_once_it_is_known_that_it_can() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("ctrl+s")
        assert desk.request is None
        question = desk.client.last_request("check")
        desk.client.reply(Reply("check", question, desk.client.answer_check(question)))
        await pilot.pause()

    assert run(act, prepare=lambda easel: easel.silent.add("check")).request is not None


@pytest.mark.parametrize(
    ("key", "options"), [("o", ("-y",)), ("k", ("-o", "film.wave-2.mkv")), ("c", None), ("escape", None)]
)
def test_before_a_film_is_replaced_it_is_asked(key: str, options: tuple[str, ...] | None) -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        desk.client.exists = True
        await pilot.press("down", "ctrl+s")
        assert "film.wave.mkv exists" in screen_text(pilot)
        await pilot.press(key)
        await pilot.pause()

    request = run(act).request
    assert (request and request.arguments[3:]) == options


@pytest.mark.parametrize(
    ("keys", "options"),
    [("a", ("--restart",)), ("k", ("-o", "film.wave-2.mkv")), ("c", None), ("oa", ("-y", "--restart"))],
)
def test_before_a_film_that_was_begun_otherwise_is_begun_anew_it_is_asked(
    keys: str, options: tuple[str, ...] | None
) -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        desk.client.begun = "film.wave.partial.mkv was started with --crf 18"
        desk.client.exists = "o" in keys
        await pilot.press("down", "ctrl+s")
        for key in keys:
            assert ("started with --crf 18" in screen_text(pilot)) is (key != "o")
            await pilot.press(key)
            await pilot.pause()

    request = run(act).request
    assert (request and request.arguments[3:]) == options


def test_moments_are_gone_through_by_keys_and_mouse() -> None:
    times = []

    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        for keys in ("plus", "minus", "full_stop", "comma"):
            await pilot.press(keys)
            times.append(desk.client.last_request("preview")["time"])
        desk.screen.query_one(Scrubber).focus()
        await pilot.press("end", "home", "right")
        times.append(desk.client.last_request("preview")["time"])
        await pilot.click(Scrubber, offset=(30, 0))
        times.append(desk.client.last_request("preview")["time"])

    run(act)
    assert times[:5] == pytest.approx([82.0, 65.6, 66.6, 65.6, 16.4])
    assert 100 < times[5] < 160


def test_the_film_and_the_painting_flip_and_stand_side_by_side() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        wide = desk.client.last_request("preview")["width"]
        await pilot.press("x")
        assert "the film · 1:06" in screen_text(pilot)
        await pilot.press("c")
        await pilot.pause()
        shown = screen_text(pilot)
        assert "the film · 1:06" in shown
        assert "scream · 1:06" in shown
        assert desk.client.last_request("preview")["width"] < 0.6 * wide
        await pilot.press("c", "z")
        await pilot.pause()
        assert "middle, pixel by pixel" in screen_text(pilot)
        assert desk.client.last_request("preview")["detail"]

    run(act)


def test_pixels_are_shown_where_the_terminal_can() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("p")
        assert "blocks alone" in desk.notes[0]

    run(act)


def test_pages_take_turns_where_there_is_no_room() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        for key, words in (("1", "1280x720"), ("2", "strength"), ("3", "method"), ("4", "scream · 1:06")):
            await pilot.press(key)
            await pilot.pause()
            assert words in screen_text(pilot)
        await pilot.click("#pages", offset=(12, 0))
        assert "strength" in screen_text(pilot)

    run(act, size=(40, 12))


def test_where_there_is_room_all_is_seen_at_once() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        shown = screen_text(pilot)
        assert all(words in shown for words in ("1280x720", "strength", "method", "scream · 1:06", "Start"))
        assert desk.client.last_request("styles")["height"] == 10
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert "method" not in screen_text(pilot)
        assert desk.client.last_request("styles")["height"] == 4

    run(act, size=(200, 60))


def test_help_names_every_key() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("question_mark")
        shown = screen_text(pilot)
        assert "Start the run" in shown
        assert "Copy the command line" in shown
        await pilot.press("escape")
        assert "Start the run" not in screen_text(pilot)

    run(act)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_leaving_begins_nothing(key: str) -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press(key)

    left = run(act)
    assert (left.request, left.return_code) == (None, 0)


def test_letters_are_text_in_a_field_until_it_is_left() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("3")
        await fill_in(pilot, "output", *"quiz")
        assert "^y Copy" in screen_text(pilot)
        await pilot.press("escape", "y")

    assert command(run(act)) == "--style scream -o quiz"


def test_without_a_film_one_is_asked_for() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        assert isinstance(desk.screen, FilePicker)
        await pilot.press("escape", "ctrl+s")
        assert isinstance(desk.screen, FilePicker)
        await pilot.press("escape")
        assert "choose a film to begin" in screen_text(pilot)

    assert run(act, film=None).request is None


def test_a_film_that_cannot_be_read_says_why_and_another_can_be_chosen() -> None:
    broken = RequestError("film.mp4 was cut short", "Copy it again.", 3)

    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        assert "film.mp4 was cut short. Copy it again." in screen_text(pilot)
        assert desk.client.request_count("check") == desk.client.request_count("preview") == 0
        desk.client.errors.clear()
        desk.post_message(events.Paste("file:///films/other.mp4"))
        await pilot.pause()
        assert "other.mp4" in screen_text(pilot)
        assert desk.client.last_request("preview")["arguments"][0] == "/films/other.mp4"

    run(act, prepare=lambda easel: easel.errors.update(video=broken))


def test_a_film_that_vanishes_is_said_in_place_of_the_picture() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        desk.client.errors["preview"] = RequestError("film.mp4 does not exist", "Check the name and the folder.", 3)
        await pilot.press("plus")
        assert "film.mp4 does not exist." in screen_text(pilot)

    run(act)


def test_an_image_dropped_on_the_terminal_is_a_style() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        desk.post_message(events.Paste("'/pictures/my aunt.jpg'"))
        await wait_until(pilot, lambda: "my aunt.jpg · 1:06" in screen_text(pilot))
        await pilot.press("y")

    assert command(run(act)) == "--style '/pictures/my aunt.jpg'"


def test_a_run_that_cannot_be_is_not_tried_and_the_reason_stays() -> None:
    why = RequestError("the folder /films cannot be written to", "Give another output with -o.", 4)

    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await wait_until(pilot, lambda: "the folder /films cannot be written to" in screen_text(pilot))
        await pilot.pause(1.0)
        assert "the folder /films cannot be written to" in screen_text(pilot)
        assert desk.client.request_count("estimate") == 0
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: desk.notes == [str(why)])

    assert run(act, prepare=lambda easel: easel.errors.update(check=why)).request is None


def test_a_film_that_is_none_cannot_be_started_and_the_key_says_why() -> None:
    why = RequestError("words.mkv is not a film", "Give a video file, such as an mp4 or mkv.", 3)

    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await wait_until(pilot, lambda: "words.mkv is not a film" in screen_text(pilot))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: desk.notes == [str(why)])

    assert run(act, prepare=lambda easel: easel.errors.update(video=why)).request is None


def test_an_image_that_is_none_is_refused_and_the_style_stays() -> None:
    none = RequestError("words.jpg is not an image", "Give a JPEG, PNG, WebP or TIFF file.", 5)

    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        desk.post_message(events.Paste("/pictures/words.jpg"))
        await pilot.pause()
        assert desk.notes == [str(none)]
        await pilot.press("y")

    assert command(run(act, prepare=lambda easel: easel.errors.update(image=none))) == "--style scream"


@pytest.mark.parametrize("how", ["i", "f3", "last row"])
def test_any_image_is_asked_for(how: str) -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        if how == "last row":
            desk.screen.query_one("#styles", OptionList).focus()
        await pilot.press(*(("end", "enter") if how == "last row" else (how,)))
        await pilot.pause()
        assert "Choose an image" in screen_text(pilot)

    run(act)


@pytest.mark.parametrize("how", ["f", "f2", "click"])
def test_another_film_is_asked_for(how: str) -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await (pilot.click("#choose-film") if how == "click" else pilot.press(how))
        await pilot.pause()
        assert "Choose a film" in screen_text(pilot)

    run(act)


def test_the_keys_at_the_bottom_can_be_clicked() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.click("#keys", offset=(2, 0))
        assert "Start the run" in screen_text(pilot)
        await pilot.press("escape")
        await pilot.click("#keys", offset=(screen_text(pilot).splitlines()[-1].index("y Copy") + 1, 0))

    assert command(run(act)) == "--style scream"


def test_every_other_setting_is_there_when_it_is_unfolded() -> None:
    async def act(pilot: Pilot[Any], desk: SetupApp) -> None:
        await pilot.press("3")
        await pilot.click("CollapsibleTitle")
        await pilot.pause()
        await fill_in(pilot, "iterations", "down")
        assert "L-BFGS iterations a frame" in screen_text(pilot)
        await pilot.press("ctrl+y")

    assert command(run(act)) == "--style scream --iterations 29"
