"""The run screen: previews, figures, log, and the keys that control the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from streamstyle.errors import EXIT_INTERNAL
from streamstyle.events import Failed
from streamstyle.runs.folder import RunFolder
from streamstyle.runs.launcher import PROGRAM, RunProcess, RunRequest
from streamstyle.runs.state import RunState
from streamstyle.tui.dialogs import (
    ABORT,
    BACKGROUND,
    STOP,
    background_message,
    confirm_and_start,
    leave_dialog,
    stop_dialog,
    stopping_dialog,
)
from streamstyle.tui.run_control import RunController, RunSnapshot, RunUpdated, RunWatcher
from streamstyle.tui.screens.help import RUN_BINDINGS, RUN_GLOSSARY, HelpScreen
from streamstyle.tui.screens.result import RunResult, refusal_text
from streamstyle.tui.screens.run_views import RunViews
from streamstyle.tui.screens.summary import SummaryScreen
from streamstyle.tui.terminal_query import Graphics
from streamstyle.tui.widgets.key_bar import FittingKeyBar
from streamstyle.tui.widgets.stats import StatsPanel, brief_stats, compact_stats
from streamstyle.tui.widgets.stats_column import StatsColumn
from streamstyle.tui.widgets.text import Header, LogView
from streamstyle.tui.widgets.view_pair import VIEW_TITLES, ViewPair
from streamstyle.tui.widgets.view_tabs import ViewTabs

_OWNER_ACTIONS = frozenset({"pause", "save", "stop"})
"""Actions that are disabled while another process owns the run."""

_FRAME_ACTIONS = frozenset({"save"})
"""Actions that are disabled while a cluster paints: frames in full size stay where they are painted."""


_KEYS_BY_USE = (
    "help", "leave", "pause", "stop", "compare", "wipe", "toggle_stats", "save", "cycle_view", "swap",
    "toggle_log", "toggle_pixels",
)  # fmt: skip
"""Actions, those whose keys stay longest on a narrow screen first."""


def _placeholder(state: RunState) -> str:
    """Return what is said where a picture will be."""
    if state.is_in_pieces:
        return "waiting for a frame of a worker"
    return "waiting for the first frame" if state.started else "opening the film"


class RunScreen(RunViews):
    """Shows a run and controls it; switches to the summary when the run has ended.

    If the run is not started the screen closes; the result is why it could not start, empty if it was cancelled.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*RUN_BINDINGS]

    def __init__(
        self,
        subject: RunRequest | RunFolder,
        program: Sequence[str] = PROGRAM,
        graphics: Graphics | None = None,
        *,
        returns: bool = False,
    ) -> None:
        """A RunRequest is started; a RunFolder is a run that exists already, and is watched.

        `program` is the command that runs it; `graphics` is None if the terminal shows characters only. `returns` says
        that a run which could not start closes the screen; otherwise there is a summary of it.
        """
        super().__init__()
        self._returns = returns
        self._graphics = graphics
        self._subject = subject
        self._program = program
        self._watcher: RunWatcher | None = None
        self._run_process: RunProcess | None = None
        self._controller: RunController | None = None
        self._snapshot = RunSnapshot(owned_by_other=isinstance(subject, RunFolder))

    def compose(self) -> ComposeResult:
        """Put the previews at the left and the figures at the right; the style sheet hides what does not fit."""
        subject = self._subject
        names = (str(subject.video), str(subject.output)) if isinstance(subject, RunRequest) else ("", "")
        yield Header(*names, id="run-header")
        with Horizontal(id="run-body"):
            with Vertical(id="preview-column"):
                yield ViewTabs()
                yield ViewPair("opening the film", id="images", graphics=self._graphics)
                yield LogView(id="log")
            yield StatsColumn(id="stats-column")
        yield StatsPanel(brief_stats, id="brief-stats", classes="frames-done")
        yield StatsPanel(compact_stats, id="compact-stats", classes="frames-done")
        yield FittingKeyBar(_KEYS_BY_USE, id="key-bar")

    def on_mount(self) -> None:
        """Start the run, or watch it if it exists already."""
        self._show_header()
        self._views_changed()
        if isinstance(self._subject, RunFolder):
            self._watch_run(self._subject)
        else:
            self._start(self._subject)
        self.set_interval(1.0, self._every_second)

    def on_unmount(self) -> None:
        """Give up the run and end the watcher's thread."""
        if self._controller is not None:
            self._controller.release()
        if self._watcher is not None:
            self._watcher.close()

    @work
    async def _start(self, request: RunRequest) -> None:
        """Start the run and watch it; if it was cancelled, close this screen."""
        try:
            run = await confirm_and_start(request, self._program, self.app.push_screen_wait)
        except OSError as error:
            self._show_summary(
                RunSnapshot(
                    RunState(end=Failed(f"the run could not be started ({error})", "", EXIT_INTERNAL)), alive=False
                )
            )
            return
        if run is None:
            self.dismiss("")
            return
        self._subject, self._run_process = run.request, run.process
        self._watch_run(run.process.folder).take_ownership()
        self.refresh_bindings()
        if run.warning:
            self.notify(run.warning, severity="warning")

    def _watch_run(self, folder: RunFolder) -> RunController:
        self._watcher = watcher = RunWatcher(folder, self._run_process, self._post_update)
        self._controller = controller = RunController(watcher)
        self.run_worker(watcher.follow, thread=True, group="watcher")
        self.request_previews()
        return controller

    def _post_update(self, snapshot: RunSnapshot) -> None:
        self.post_message(RunUpdated(snapshot))  # from the watcher's thread

    def on_run_updated(self, message: RunUpdated) -> None:
        """Show the new state, or the summary if the run has ended."""
        before, snapshot = self._snapshot, message.snapshot
        self._snapshot = snapshot
        if not snapshot.alive:
            self._show_summary(snapshot)
            return
        self._check_owner(before)
        state = snapshot.state
        if before.state.started:  # frames saved before this screen was opened are not reported
            for saved in state.saved_frames[len(before.state.saved_frames) :]:
                self.notify(saved.path, title=f"Saved: frame {saved.frame}, {VIEW_TITLES[saved.view]}")
        if state.is_in_pieces != before.state.is_in_pieces:
            self.refresh_bindings()
        self._show_header()
        frame = state.previews.frame if state.previews else None
        self.query_one(ViewPair).show_frame(snapshot.images, frame, _placeholder(state))
        self.query_one(LogView).show(state.log)
        if state.paused != before.state.paused or before.state.last_frame is None:
            self._update_stats()
        elif state.previews is not before.state.previews:
            self._update_stats(".frames-done")  # so that they agree with the caption of the image

    def _every_second(self) -> None:
        """Update the figures: more often they cannot be read, and would cost as much as the previews."""
        self.request_previews()
        self._update_stats()

    def _update_stats(self, selector: str = "StatsPanel") -> None:
        for panel in self.query(selector).results(StatsPanel):
            panel.show(self._snapshot.state)

    def _show_summary(self, snapshot: RunSnapshot) -> None:
        """Replace this screen, and any dialog above it, by the summary."""
        while self.app.screen is not self:
            self.app.pop_screen()
        if self._returns and (refusal := refusal_text(snapshot.state)):
            self.dismiss(refusal)
            return
        result = self._result(snapshot)
        if "--notify" in result.arguments:
            self.app.bell()
        self.app.switch_screen(SummaryScreen(result, self._graphics))

    def _result(self, snapshot: RunSnapshot) -> RunResult:
        if isinstance(self._subject, RunRequest):
            return RunResult(snapshot, self._subject.arguments, self._subject.video, self._subject.output)
        started = snapshot.state.started
        film, output = (Path(started.video), Path(started.output)) if started else (Path(), Path())
        return RunResult(snapshot, tuple(self._subject.command()[1:]), film, output)

    def _check_owner(self, before: RunSnapshot) -> None:
        """Enable or disable the controls when the owner of the run has changed."""
        owner = self._snapshot.owner
        if owner is not None and (before.owner is None or before.owner.pid != owner.pid):
            self.notify(f"Process {owner.pid} holds this run: it is paused, saved from and stopped there.")
        if self._snapshot.owned_by_other == before.owned_by_other:
            return
        if self._snapshot.owned_by_other and self._controller is not None:
            self._controller.on_ownership_lost()
        elif before.state.started:
            self.notify(
                "The owner of this run has left: it can be paused (space), saved from (s) and stopped (e) here."
            )
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable pause, save and stop while another process owns the run, save while a cluster paints."""
        if action in _FRAME_ACTIONS and self._snapshot.state.is_in_pieces:
            return False
        return self._controller is not None and not self._snapshot.owned_by_other if action in _OWNER_ACTIONS else True

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(RUN_BINDINGS, RUN_GLOSSARY))

    def action_pause(self) -> None:
        """Pause, or continue."""
        if self._controller is not None and not self._controller.is_stopping(self._snapshot):
            self._controller.set_paused(not self._controller.is_pausing(self._snapshot.state))
            self._show_header()

    def action_save(self) -> None:
        """Save the view that the first image shows."""
        output = self._result(self._snapshot).output
        if self._controller is not None and output.name:
            self._controller.save_view(self.query_one(ViewPair).views[0], output)

    def action_stop(self) -> None:
        """Ask, then stop after the current frame."""
        if self._controller is not None and not self._controller.is_stopping(self._snapshot):
            self.app.push_screen(stop_dialog(self._snapshot.state), self._on_choice)

    def action_leave(self) -> None:
        """Leave; if the run was started here, ask whether it stops."""
        if self._controller is None or self._run_process is None:
            self._leave_running()
        elif self._controller.is_stopping(self._snapshot):
            self.app.push_screen(stopping_dialog(), self._on_choice)
        else:
            self.app.push_screen(leave_dialog(self._snapshot.state), self._on_choice)

    def _on_choice(self, answer: str | None) -> None:
        if answer == STOP and self._controller is not None:
            self._controller.stop()
            self._show_header()
        elif answer == ABORT and self._run_process is not None:
            self._run_process.kill()
        elif answer == BACKGROUND:
            self._leave_running()

    def _leave_running(self) -> None:
        """Leave, and print how to come back to the run."""
        run = self._watcher.folder if self._watcher is not None else None
        self.app.exit(return_code=0, message=background_message(run.name()) if run is not None else None)

    def _show_header(self) -> None:
        status = self._controller.status_text(self._snapshot) if self._controller is not None else "starting"
        self.query_one(Header).show(self._snapshot.state.started, status)

    def request_previews(self) -> None:
        """Ask the run for the previews that are shown, in the size of the widgets."""
        if self._watcher is not None:
            self._watcher.request_previews(self.query_one(ViewPair).preview_request())
