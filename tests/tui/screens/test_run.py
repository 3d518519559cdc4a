"""The run screen: its keys, views and figures, with a fake run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from streamstyle.events import FrameSaved, FrameWritten
from streamstyle.runs.folder import RunFolder, list_runs
from streamstyle.runs.state import RunState
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.dialogs import STOP, leave_dialog, stop_dialog
from streamstyle.tui.screens.help import RUN_BINDINGS
from streamstyle.tui.screens.run import RunScreen
from streamstyle.tui.screens.summary import SummaryScreen
from streamstyle.tui.widgets.text import LogView
from streamstyle.tui.widgets.view_pair import ViewPair
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
    """Leave and stop the run."""
    await pilot.press("q")
    await wait_for_text(pilot, "Leave?")
    await pilot.press("e")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, SummaryScreen))
    await pilot.press("q")


def test_previews_and_figures_are_shown(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        shown = screen_text(pilot)
        for text in (
            "film.mkv → film.wave.mkv",
            "● running",
            "of 2000 frames",
            "5.6 times steadier, 97 % as sharp",
            "1.2 GB",
        ):
            assert text in shown
        assert "! stream #2 is left out" in shown
        await stop(pilot)

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps) == 130


def test_finished_run_exits_with_code_0(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Finished in")
        await pilot.press("enter")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "8", "--seconds", "0.02")), steps) == 0
    assert (tmp_path / "film.wave.mkv").is_file()


@pytest.mark.slow
def test_views_are_chosen_compared_and_swapped(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        for key, title in zip("12345", ("output", "film", "per frame", "optical flow", "weight"), strict=True):
            await pilot.press(key)
            await wait_for_text(pilot, f"{title} · frame")
        await pilot.press("left")
        await wait_for_text(pilot, "optical flow · frame")
        await pilot.press("right")
        await wait_for_text(pilot, "weight · frame")
        await pilot.press("1", "c")
        await wait_until(
            pilot, lambda: "output · frame" in screen_text(pilot) and "weight · frame" in screen_text(pilot)
        )
        await pilot.press("up")
        await wait_until(
            pilot, lambda: "output · frame" in screen_text(pilot) and "optical flow · frame" in screen_text(pilot)
        )
        await pilot.press("down", "x")
        await wait_until(
            pilot,
            lambda: screen_text(pilot).find("weight · frame") in range(screen_text(pilot).find("output · frame")),
        )
        await pilot.press("c")
        await wait_until(pilot, lambda: "output · frame" not in screen_text(pilot))
        await pilot.press("x")
        await wait_for_text(pilot, "output · frame")
        await stop(pilot)

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps)


@pytest.mark.slow
def test_pause_save_stop_and_leave(tmp_path: Path) -> None:
    """All on one run, since its start takes a while."""

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        await pause_and_continue(pilot)
        await save(pilot)
        for key, question in (("e", "Stop here?"), ("q", "Leave?"), ("ctrl+q", "Leave?"), ("ctrl+c", "Leave?")):
            await pilot.press(key)
            await wait_for_text(pilot, question)
            await pilot.press("escape" if key == "ctrl+c" else "r")
            await wait_until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert not run().read_control().stop
        await pilot.press("ctrl+c", "ctrl+c")
        await wait_for_text(pilot, "Stopped after")
        await pilot.press("ctrl+c")

    async def pause_and_continue(pilot: Pilot[int]) -> None:
        await pilot.press("space")
        await wait_for_text(pilot, "● paused")
        await wait_until(pilot, lambda: "paused" in event_names(run()))
        assert "done at" not in screen_text(pilot)
        await pilot.press("space")
        await wait_for_text(pilot, "● running")
        await wait_until(pilot, lambda: "unpaused" in event_names(run()))

    async def save(pilot: Pilot[int]) -> None:
        await pilot.press("4", "s")
        await wait_for_text(pilot, "flow, saved as")
        await pilot.press("s")
        await wait_until(pilot, (tmp_path / "film.wave.flow-2.png").is_file)

    assert run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps) == 130
    assert event_names(run())[-1] == "stopped"
    assert (tmp_path / "film.wave.flow-1.png").is_file()


@pytest.mark.slow
def test_paused_run_continues_in_the_background(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        await pilot.press("space")
        await wait_for_text(pilot, "● paused")
        await pilot.press("q")
        await wait_for_text(pilot, "Leave?")
        await pilot.press("b")

    assert run_app(app_with_fake_run(run_request(tmp_path, "--frames", "40", "--seconds", "0.05")), steps) == 0
    folder = run()
    assert folder.is_alive()
    assert not folder.read_control().paused

    async def come_back(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "Finished in")
        await pilot.press("q")

    assert run_app(StreamstyleApp(folder), come_back) == 0
    assert (tmp_path / "film.wave.mkv").is_file()


def test_help_names_every_key(fake_run: FakeRun) -> None:

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("question_mark")
        await wait_for_text(pilot, "Pause after the current frame")
        for binding in RUN_BINDINGS:
            assert binding.tooltip[:40] in screen_text(pilot)
        await pilot.press("escape")
        await wait_for_text(pilot, "● running")

    run_app(StreamstyleApp(fake_run.folder), steps, size=(120, 60))


def test_l_toggles_the_log_and_n_the_figures(fake_run: FakeRun) -> None:

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        assert "stream #2" not in screen_text(pilot)
        await pilot.press("l")
        await wait_for_text(pilot, "! stream #2 is left out")
        await pilot.press("l")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one(LogView).display)
        await pilot.press("n")
        await wait_until(pilot, lambda: "of 132 frames" not in screen_text(pilot))
        await pilot.press("n")
        await wait_for_text(pilot, "of 132 frames")

    run_app(StreamstyleApp(fake_run.folder), steps, size=(100, 30))


def test_command_palette_lists_the_actions(fake_run: FakeRun) -> None:

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        await pilot.press("ctrl+p", *"one view")
        await wait_for_text(pilot, "One view, or two at once")
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await wait_for_text(pilot, "film · frame 57")
        titles = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert len(titles) == len(set(titles)), "an action with two keys is listed once"

    run_app(StreamstyleApp(fake_run.folder), steps)


def test_saving_is_reported_once(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        notes: list[str] = []
        pilot.app.notify = lambda message, **_: notes.append(message)  # type: ignore[method-assign]
        await pilot.press("s")
        await wait_for_text(pilot, "output, saved as")
        await pilot.pause(0.5)
        assert notes == [str(tmp_path / "film.wave.output-1.png")]
        await stop(pilot)

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps)


def test_dialogs_and_screen_agree_on_the_key_of_stop() -> None:
    keys = {binding.action: binding.key for binding in RUN_BINDINGS}
    for dialog in (stop_dialog(RunState()), leave_dialog(RunState())):
        stopping = next(choice for choice in dialog._choices if choice.name == STOP)
        assert stopping.key == keys["stop"]
        assert stopping.key != keys["save"]
        assert dialog._choices[0] is not stopping, "enter does not stop"


def test_palette_finds_actions_by_their_usual_words(fake_run: FakeRun, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        titles = [command.title.lower() for command in pilot.app.get_system_commands(pilot.app.screen)]
        for word in ("stop", "resume", "zoom", "screenshot"):
            assert any(word in title for title in titles), word
        saved = pilot.app.deliver_screenshot(path=str(tmp_path))
        assert saved is not None
        assert "57&#160;of&#160;132" in Path(saved).read_text() or "of&#160;132&#160;frames" in Path(saved).read_text()

    run_app(StreamstyleApp(fake_run.folder), steps)


def test_views_are_tabs_that_can_be_clicked(fake_run: FakeRun) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        assert "1 output  2 film  3 per frame  4 optical flow  5 consistency weight" in screen_text(pilot)
        await pilot.click("ViewTabs", offset=(13, 0))
        await wait_for_text(pilot, "film · frame 57")
        await pilot.resize_terminal(44, 24)
        await wait_for_text(pilot, "1 out 2 film 3 frame 4 flow 5 weight")

    run_app(StreamstyleApp(fake_run.folder), steps)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_keys_fit_the_screen(fake_run: FakeRun, columns: int) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        last = screen_text(pilot).splitlines()[-1]
        assert len(last) <= columns
        for key in ("? Help", "space Pause", "e Stop", "q Leave"):
            assert key in last

    run_app(StreamstyleApp(fake_run.folder), steps, (columns, 24))


def test_figures_agree_with_the_caption(fake_run: FakeRun) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "57 of 132 frames")
        for frame in range(58, 62):
            fake_run.emit(FrameWritten(frame, 132, frame / 25, 55.0))
            fake_run.emit(preview(fake_run.folder, frame, ("output",)))
            await wait_for_text(pilot, f"output · frame {frame}")
            assert f"{frame} of 132 frames" in screen_text(pilot)

    run_app(StreamstyleApp(fake_run.folder), steps)


def test_name_with_newline_and_markup_is_shown_on_one_line(fake_run: FakeRun) -> None:
    name = "two\nlines \x1b[2J\U0001f3ac.mkv"
    fake_run.emit(started(name, f"a [/red] folder/{name}", 132))

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "two�lines �[2J\U0001f3ac.mkv → two�lines")
        fake_run.emit(FrameSaved(57, "output", "a [/red] folder/film.png"))
        notes = pilot.app._notifications
        await wait_until(pilot, lambda: any("[/red]" in note.message and not note.markup for note in notes))

    run_app(StreamstyleApp(fake_run.folder), steps)


def test_screenshot_contains_the_image(fake_run: FakeRun) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        for simplified in (False, True):
            shown = pilot.app.export_screenshot(simplify=simplified)
            assert sum(map(shown.count, "▀▌▘▛▚▜▙")) > 1000

    run_app(StreamstyleApp(fake_run.folder), steps)


def test_ctrl_c_closes_the_screen_above_before_it_asks(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame")
        for key in ("ctrl+p", "question_mark"):
            await pilot.press(key)
            await wait_until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen))
            await pilot.press("ctrl+c")
            await wait_until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await stop(pilot)

    run_app(app_with_fake_run(run_request(tmp_path, *SLOWLY)), steps)


def test_view_without_a_preview_says_so(fake_run: FakeRun) -> None:

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        fake_run.emit(preview(fake_run.folder, 58, ("output", "source")))
        await wait_for_text(pilot, "output · frame 58")
        await pilot.press("4")
        await wait_for_text(pilot, "optical flow: comes with the next frame")

    run_app(StreamstyleApp(fake_run.folder), steps)


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 12)])
def test_preview_request_has_the_size_of_the_image(fake_run: FakeRun, size: tuple[int, int]) -> None:

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        await wait_until(
            pilot,
            lambda: (
                fake_run.folder.merged_preview_request().width >= pilot.app.screen.query_one(ViewPair).size.width - 2
            ),
        )
        request = fake_run.folder.merged_preview_request()
        assert request.views == ("output", "source")
        assert size[0] // 2 < request.width <= 2 * size[0]

    run_app(StreamstyleApp(fake_run.folder), steps, size=size)
    assert not list((fake_run.folder.path / "viewers").glob("*.json"))


def test_figures_that_are_not_finite_are_drawn(fake_run: FakeRun) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        broken = replace(
            status_sample(58),
            losses={"temporal": float("nan")},
            warping_error={"output": float("nan"), "per_frame": 0.1},
            sharpness={"output": float("nan"), "per_frame": 0.1},
            stages={"stylise": float("inf")},
            fps_history=(float("nan"),) * 3,
            queues={"decode": (0, 0)},
        )
        fake_run.latest["status_sampled"] = broken.to_json()
        fake_run.emit(FrameWritten(58, 132, 2.3, 56.0))
        await wait_for_text(pilot, "58 of 132 frames")

    run_app(StreamstyleApp(fake_run.folder), steps)
