"""Every key of the running screen, on a run that is painted by a fake engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from streamstyle.events import FrameWritten
from streamstyle.runs.folder import RunFolder, list_runs
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.dialogs import RUN_BINDINGS
from streamstyle.tui.screens.run import RunScreen
from streamstyle.tui.screens.summary import SummaryScreen
from streamstyle.tui.widgets.image import ImagePair
from streamstyle.tui.widgets.text import LogView
from tests.tui.fake_run import FakeRun, preview, started, status_sample
from tests.tui.pilot import (
    app_with_fake_run,
    event_names,
    run_app,
    run_request,
    screen_text,
    wait_for_text,
    wait_until,
)

SLOWLY = ("--frames", "2000", "--seconds", "0.03")


def run() -> RunFolder:
    return list_runs()[0]


async def stop(pilot: Pilot[int]) -> None:
    """Leave as a person does who has seen enough."""
    await pilot.press("q")
    await wait_for_text(pilot, "Leave?")
    await pilot.press("s")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, SummaryScreen))
    await pilot.press("q")


def test_frames_arrive_and_are_shown_with_their_numbers(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        shown = screen_text(pilot)
        for words in ("film.mkv → film.wave.mkv", "● painting", "of 2000 frames", "5.6 times steadier", "1.2 GB"):
            assert words in shown
        assert "! stream #2 is left out" in shown
        await stop(pilot)

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), act) == 130


def test_a_short_run_ends_in_its_summary_with_exit_code_0(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Painted in")
        await pilot.press("enter")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "8", "--seconds", "0.02")), act) == 0
    assert (tmp_path / "film.wave.mkv").is_file()


def test_the_picture_shows_every_view_and_two_beside_each_other(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        for key, title in zip(
            "12345", ("painted", "the film", "painted frame by frame", "optical flow", "weight"), strict=True
        ):
            await pilot.press(key)
            await wait_for_text(pilot, f"{title} · frame")
        await pilot.press("left")
        await wait_for_text(pilot, "optical flow · frame")
        await pilot.press("right")
        await wait_for_text(pilot, "weight · frame")
        await pilot.press("1", "c")
        await wait_until(
            pilot, lambda: "painted · frame" in screen_text(pilot) and "weight · frame" in screen_text(pilot)
        )
        await pilot.press("up")
        await wait_until(
            pilot, lambda: "painted · frame" in screen_text(pilot) and "optical flow · frame" in screen_text(pilot)
        )
        await pilot.press("down", "x")
        await wait_until(
            pilot,
            lambda: screen_text(pilot).find("weight · frame") in range(screen_text(pilot).find("painted · frame")),
        )
        await pilot.press("c")
        await wait_until(pilot, lambda: "painted · frame" not in screen_text(pilot))
        await pilot.press("x")
        await wait_for_text(pilot, "painted · frame")
        await stop(pilot)

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), act)


def test_the_hands(tmp_path: Path) -> None:
    """Pause and go on, save, end after a question, leave after another: all on one run, for its start takes a while."""

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        await pauses_and_goes_on(pilot)
        await saves(pilot)
        for key, question in (("e", "Stop here?"), ("q", "Leave?"), ("ctrl+q", "Leave?"), ("ctrl+c", "Leave?")):
            await pilot.press(key)
            await wait_for_text(pilot, question)
            await pilot.press("escape" if key == "ctrl+c" else "r")
            await wait_until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert not run().read_control().stop
        await pilot.press("ctrl+c", "ctrl+c")
        await wait_for_text(pilot, "Stopped after")
        await pilot.press("ctrl+c")

    async def pauses_and_goes_on(pilot: Pilot[int]) -> None:
        await pilot.press("space")
        await wait_for_text(pilot, "● paused")
        await wait_until(pilot, lambda: "paused" in event_names(run()))
        assert "done at" not in screen_text(pilot)
        await pilot.press("space")
        await wait_for_text(pilot, "● painting")
        await wait_until(pilot, lambda: "unpaused" in event_names(run()))

    async def saves(pilot: Pilot[int]) -> None:
        await pilot.press("4", "s")
        await wait_for_text(pilot, "flow, saved as")
        await pilot.press("s")
        await wait_until(pilot, (tmp_path / "film.wave.flow-2.png").is_file)

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), act) == 130
    assert event_names(run())[-1] == "stopped"
    assert (tmp_path / "film.wave.flow-1.png").is_file()


def test_a_run_left_in_the_background_goes_on_even_if_it_was_paused(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        await pilot.press("space")
        await wait_for_text(pilot, "● paused")
        await pilot.press("q")
        await wait_for_text(pilot, "Leave?")
        await pilot.press("b")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "40", "--seconds", "0.05")), act) == 0
    folder = run()
    assert folder.is_alive()
    assert not folder.read_control().paused

    async def come_back(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Painted in")
        await pilot.press("q")

    assert run_app(StreamstyleApp(folder), come_back) == 0
    assert (tmp_path / "film.wave.mkv").is_file()


def test_help_names_every_key(voice: FakeRun) -> None:

    async def act(pilot: Pilot[int]) -> None:
        await pilot.press("question_mark")
        await wait_for_text(pilot, "Pause after the frame at hand")
        for binding in RUN_BINDINGS:
            assert binding.tooltip[:40] in screen_text(pilot)
        await pilot.press("escape")
        await wait_for_text(pilot, "● painting")

    run_app(StreamstyleApp(voice.folder), act, size=(120, 60))


def test_l_shows_the_log_and_n_the_picture_alone(voice: FakeRun) -> None:

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame 57")
        assert "stream #2" not in screen_text(pilot)
        await pilot.press("l")
        await wait_for_text(pilot, "! stream #2 is left out")
        await pilot.press("l")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one(LogView).display)
        await pilot.press("n")
        await wait_until(pilot, lambda: "of 132 frames" not in screen_text(pilot))
        await pilot.press("n")
        await wait_for_text(pilot, "of 132 frames")

    run_app(StreamstyleApp(voice.folder), act, size=(100, 30))


def test_the_palette_has_what_the_keys_do(voice: FakeRun) -> None:

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame 57")
        await pilot.press("ctrl+p", *"two side by")
        await wait_for_text(pilot, "One picture, or two side by side")
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await wait_for_text(pilot, "the film · frame 57")
        said = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert len(said) == len(set(said)), "what has two keys is there once"

    run_app(StreamstyleApp(voice.folder), act)


def test_a_name_with_an_end_of_line_and_markup_in_it_is_shown_on_one(voice: FakeRun) -> None:
    name = "two\nlines \x1b[2J\U0001f3ac.mkv"
    voice.emit(started(name, f"a [/red] folder/{name}", 132))

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "two�lines �[2J\U0001f3ac.mkv → two�lines")
        await pilot.press("s")
        said = pilot.app._notifications
        await wait_until(pilot, lambda: any("[/red]" in each.message and not each.markup for each in said))

    run_app(StreamstyleApp(voice.folder), act)


def test_a_screenshot_has_the_picture(voice: FakeRun) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame 57")
        for simplified in (False, True):
            assert pilot.app.export_screenshot(simplify=simplified).count("▀") > 1000

    run_app(StreamstyleApp(voice.folder), act)


def test_ctrl_c_closes_what_lies_over_the_screen_and_then_asks(tmp_path: Path) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame")
        for key in ("ctrl+p", "question_mark"):
            await pilot.press(key)
            await wait_until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen))
            await pilot.press("ctrl+c")
            await wait_until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await stop(pilot)

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), act)


def test_a_view_that_a_frame_lacks_says_so(voice: FakeRun) -> None:

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame 57")
        voice.emit(preview(voice.folder, 58, ("output", "source")))
        await wait_for_text(pilot, "painted · frame 58")
        await pilot.press("4")
        await wait_for_text(pilot, "optical flow: comes with the next frame")

    run_app(StreamstyleApp(voice.folder), act)


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 12)])
def test_the_picture_asked_for_is_as_large_as_there_is_room(voice: FakeRun, size: tuple[int, int]) -> None:

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame 57")
        await wait_until(
            pilot,
            lambda: voice.folder.merged_preview_request().width >= pilot.app.screen.query_one(ImagePair).size.width - 2,
        )
        wishes = voice.folder.merged_preview_request()
        assert wishes.views == ("output", "source")
        assert size[0] // 2 < wishes.width <= 2 * size[0]

    run_app(StreamstyleApp(voice.folder), act, size=size)
    assert not list((voice.folder.path / "viewers").glob("*.json"))


def test_numbers_that_are_not_finite_do_no_harm(voice: FakeRun) -> None:
    async def act(pilot: Pilot[int]) -> None:
        broken = replace(
            status_sample(58),
            losses={"temporal": float("nan")},
            warping_error={"output": float("nan"), "per_frame": 0.1},
            stages={"stylise": float("inf")},
            fps_history=(float("nan"),) * 3,
            queues={"decode": (0, 0)},
        )
        voice.latest["status_sampled"] = broken.to_json()
        voice.emit(FrameWritten(58, 132, 2.3, 56.0))
        await wait_for_text(pilot, "58 of 132 frames")

    run_app(StreamstyleApp(voice.folder), act)
