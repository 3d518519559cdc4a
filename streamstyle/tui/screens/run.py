"""The screen that people spend the run in front of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer

from streamstyle.events import Failed
from streamstyle.runs.folder import RunFolder
from streamstyle.runs.launcher import PROGRAM, RunProcess, RunRequest
from streamstyle.runs.state import RunState
from streamstyle.tui.dialogs import (
    ABORT,
    BACKGROUND,
    RUN_BINDINGS,
    RUN_GLOSSARY,
    STOP,
    HelpScreen,
    background_message,
    confirm_and_start,
    leave_dialog,
    stop_dialog,
    stopping_dialog,
)
from streamstyle.tui.run_control import RunController, RunSnapshot, RunUpdated, RunWatcher
from streamstyle.tui.screens.result import RunResult
from streamstyle.tui.screens.summary import SummaryScreen
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.image import ImagePair
from streamstyle.tui.widgets.stats import (
    StatsPanel,
    brief_stats,
    compact_stats,
    loss_lines,
    machine_lines,
    progress_lines,
    queue_lines,
    speed_lines,
    stage_lines,
    warping_error_lines,
)
from streamstyle.tui.widgets.text import Header, LogView

_OWNER_ACTIONS = frozenset({"pause", "save", "stop"})
"""Actions that only whoever may hold a run has."""


class RunScreen(Screen[None]):
    """A run: what it paints, how fast, and what can be done about it."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*RUN_BINDINGS]

    def __init__(
        self,
        subject: RunRequest | RunFolder,
        program: Sequence[str] = PROGRAM,
        graphics: Graphics | None = None,
    ) -> None:
        """Begin the run that is asked for, or look on at one that goes on already.

        `program` is what runs, `graphics` what the terminal can show beside characters.
        """
        super().__init__()
        self._graphics = graphics
        self._subject = subject
        self._program = program
        self._watcher: RunWatcher | None = None
        self._run_process: RunProcess | None = None
        self._controller: RunController | None = None
        self._snapshot = RunSnapshot(owned_by_other=isinstance(subject, RunFolder))

    def compose(self) -> ComposeResult:
        """Lay the screen out: the picture first."""
        subject = self._subject
        names = (str(subject.video), str(subject.output)) if isinstance(subject, RunRequest) else ("", "")
        yield Header(*names, id="headline")
        with Horizontal(id="middle"):
            with Vertical(id="studio"):
                yield ImagePair("opening the film", id="diptych", graphics=self._graphics)
                yield LogView(id="journal")
            with VerticalScroll(id="column", can_focus=False):
                yield StatsPanel(progress_lines)
                yield StatsPanel(speed_lines)
                yield StatsPanel(stage_lines, "where the time goes, a frame", id="stages")
                yield StatsPanel(queue_lines, "frames that wait", id="queues")
                yield StatsPanel(warping_error_lines, "warping error so far", id="steadiness")
                yield StatsPanel(loss_lines, "objective of this frame", id="losses")
                yield StatsPanel(machine_lines, "this takes", id="machine")
        yield StatsPanel(brief_stats, id="brief")
        yield StatsPanel(compact_stats, id="briefest")
        yield Footer()

    def on_mount(self) -> None:
        """Begin, or look on."""
        self._show_state()
        if isinstance(self._subject, RunFolder):
            self._watch_run(self._subject)
        else:
            self._start(self._subject)
        self.set_interval(1.0, self._every_second)

    def on_unmount(self) -> None:
        """Let the thread that follows the run end, and the run go."""
        if self._controller is not None:
            self._controller.release()
        if self._watcher is not None:
            self._watcher.close()

    @work
    async def _start(self, request: RunRequest) -> None:
        """Start the run and follow it; where it is not to be, after all, this screen ends."""
        try:
            begun = await confirm_and_start(request, self._program, self.app.push_screen_wait)
        except OSError as error:
            self._show_summary(
                RunSnapshot(RunState(end=Failed(f"the run could not be started ({error})", "", 70)), alive=False)
            )
            return
        if begun is None:
            self.dismiss()
            return
        self._subject, self._run_process = begun.request, begun.process
        self._watch_run(begun.process.folder).take_ownership()
        self.refresh_bindings()
        if begun.warning:
            self.notify(begun.warning, severity="warning")

    def _watch_run(self, folder: RunFolder) -> RunController:
        self._watcher = watcher = RunWatcher(folder, self._run_process, self._post_update)
        self._controller = hands = RunController(watcher)
        self.run_worker(watcher.follow, thread=True, group="watcher")
        self._request_previews()
        return hands

    def _post_update(self, sight: RunSnapshot) -> None:
        self.post_message(RunUpdated(sight))  # from the watcher's thread

    def on_run_updated(self, message: RunUpdated) -> None:
        """Show what is new."""
        before, self._snapshot = self._snapshot, message.snapshot
        sight = message.snapshot
        if not sight.alive:
            self._show_summary(sight)
            return
        self._check_owner(before)
        story = sight.state
        news = (
            story.saved_frames[len(before.state.saved_frames) :] if before.state.started else ()
        )  # not what was before we came
        for saved in news:
            self.notify(saved.path, title=f"Frame {saved.frame}, {saved.view}, is saved")
        self._show_state()
        self.query_one(ImagePair).show(sight.pictures, story.previews.frame if story.previews else None)
        self.query_one(ImagePair).set_placeholder(
            "the first frame is on its way" if story.started else "opening the film"
        )
        self.query_one(LogView).show(story.log)
        if story.paused != before.state.paused or before.state.last_frame is None:
            self._update_stats()

    def _every_second(self) -> None:
        """Once a second: numbers that change faster are not read, and cost as much as the picture."""
        self._request_previews()
        self._update_stats()

    def _update_stats(self) -> None:
        for panel in self.query(StatsPanel):
            panel.show(self._snapshot.state)

    def _show_summary(self, sight: RunSnapshot) -> None:
        """Go on to what came of it, whatever question or help is open."""
        while self.app.screen is not self:
            self.app.pop_screen()
        self.app.switch_screen(SummaryScreen(self._result(sight), self._graphics))

    def _result(self, sight: RunSnapshot) -> RunResult:
        if isinstance(self._subject, RunRequest):
            return RunResult(sight, self._subject.arguments, self._subject.video, self._subject.output)
        started = sight.state.started
        film, output = (Path(started.video), Path(started.output)) if started else (Path(), Path())
        return RunResult(sight, tuple(self._subject.command()[1:]), film, output)

    def _check_owner(self, before: RunSnapshot) -> None:
        """Lose hold of the run where somebody else has taken it; say so when that has gone again."""
        if self._snapshot.owned_by_other == before.owned_by_other:
            return
        if self._snapshot.owned_by_other and self._controller is not None:
            self._controller.on_ownership_lost()
        elif before.state.started:
            self.notify("Who held this run has gone: pause (space), save (s) and stop (e) are yours.")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be done about a run that somebody else holds."""
        return self._controller is not None and not self._snapshot.owned_by_other if action in _OWNER_ACTIONS else True

    def action_turn(self, side: int, step: int) -> None:
        """Show another view as A (side 0), or as B (side 1) where there are two."""
        diptych = self.query_one(ImagePair)
        diptych.cycle_view(side if diptych.compared else 0, step)
        self._request_previews()

    def action_view(self, view: str) -> None:
        """Show this view."""
        self.query_one(ImagePair).show_view(view)
        self._request_previews()

    def action_compare(self) -> None:
        """One picture, or two."""
        self.query_one(ImagePair).toggle_compare()
        self.call_after_refresh(self._request_previews)

    def action_flip(self) -> None:
        """Exchange A and B."""
        self.query_one(ImagePair).swap()
        self._request_previews()

    def action_sharpen(self) -> None:
        """Show pixels, or blocks."""
        if not self.query_one(ImagePair).toggle_pixels():
            self.notify("This terminal can show blocks alone; it knows neither sixels nor kitty's protocol.")
        self._request_previews()

    def action_numbers(self) -> None:
        """Show the numbers, or the picture alone; where the numbers are brief, all of them come in between."""
        small = any(self.has_class(name) for name in ("-tiny", "-narrow", "-low"))
        if self.has_class("numbers"):
            self.remove_class("numbers")
            self.add_class("alone")
        elif self.has_class("alone"):
            self.remove_class("alone")
        else:
            self.add_class("numbers" if small else "alone")
        self.call_after_refresh(self._request_previews)

    def action_scroll(self, pages: int) -> None:
        """Scroll the numbers."""
        column = self.query_one("#column")
        column.scroll_relative(y=pages * (column.size.height - 1), animate=False)

    def action_journal(self) -> None:
        """Show or hide the log."""
        self.query_one(LogView).toggle()
        self.call_after_refresh(self._request_previews)

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(RUN_BINDINGS, RUN_GLOSSARY))

    def action_pause(self) -> None:
        """Pause, or go on."""
        if self._controller is not None and not self._controller.is_stopping(self._snapshot):
            self._controller.set_paused(not self._controller.is_pausing(self._snapshot.state))
            self._show_state()

    def action_save(self) -> None:
        """Keep the view shown."""
        output = self._result(self._snapshot).output
        if self._controller is not None and output.name:
            path = self._controller.save_view(self.query_one(ImagePair).views[0], output)
            self.notify(f"The next frame is kept as {path}")

    def action_stop(self) -> None:
        """Ask, and stop well."""
        if self._controller is not None and not self._controller.is_stopping(self._snapshot):
            self.app.push_screen(stop_dialog(self._snapshot.state), self._on_choice)

    def action_leave(self) -> None:
        """Leave; who started the run is asked what becomes of it."""
        if self._controller is None or self._run_process is None:
            self._leave_running()
        elif self._controller.is_stopping(self._snapshot):
            self.app.push_screen(stopping_dialog(), self._on_choice)
        else:
            self.app.push_screen(leave_dialog(self._snapshot.state), self._on_choice)

    def _on_choice(self, answer: str | None) -> None:
        if answer == STOP and self._controller is not None:
            self._controller.stop()
            self._show_state()
        elif answer == ABORT and self._run_process is not None:
            self._run_process.kill()
        elif answer == BACKGROUND:
            self._leave_running()

    def _leave_running(self) -> None:
        """Leave the run to itself, and say how to come back to it."""
        run = self._watcher.folder if self._watcher is not None else None
        self.app.exit(return_code=0, message=background_message(run.name()) if run is not None else None)

    def _show_state(self) -> None:
        state = self._controller.status_text(self._snapshot) if self._controller is not None else "starting"
        self.query_one(Header).show(self._snapshot.state.started, state)

    def _request_previews(self) -> None:
        """Say what is to be seen; pictures as large as there is room for now."""
        if self._watcher is not None:
            self._watcher.request_previews(self.query_one(ImagePair).preview_request())
