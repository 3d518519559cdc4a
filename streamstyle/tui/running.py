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
from streamstyle.tui.graphics import Graphics
from streamstyle.tui.hands import Hands
from streamstyle.tui.help import HelpScreen
from streamstyle.tui.keys import RUNNING, WORDS
from streamstyle.tui.leaving import ABORT, BACKGROUND, STOP, goes_on, leave, leave_stopping, stop
from streamstyle.tui.outcome import Past
from streamstyle.tui.starting import begin
from streamstyle.tui.summary import SummaryScreen
from streamstyle.tui.watcher import Seen, Sight, Watcher
from streamstyle.tui.widgets.brief import brief, briefest
from streamstyle.tui.widgets.diptych import Diptych
from streamstyle.tui.widgets.headline import Headline
from streamstyle.tui.widgets.journal import Journal
from streamstyle.tui.widgets.measures import losses, machine, steadiness
from streamstyle.tui.widgets.panel import Panel
from streamstyle.tui.widgets.progress import progress, speed
from streamstyle.tui.widgets.stages import queues, stages

_HANDS = frozenset({"pause", "save", "stop"})
"""Actions that only whoever may hold a run has."""


class RunningScreen(Screen[None]):
    """A run: what it paints, how fast, and what can be done about it."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*RUNNING]

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
        self._watcher: Watcher | None = None
        self._engine: RunProcess | None = None
        self._hands: Hands | None = None
        self._sight = Sight(held=isinstance(subject, RunFolder))

    def compose(self) -> ComposeResult:
        """Lay the screen out: the picture first."""
        subject = self._subject
        names = (str(subject.video), str(subject.output)) if isinstance(subject, RunRequest) else ("", "")
        yield Headline(*names, id="headline")
        with Horizontal(id="middle"):
            with Vertical(id="studio"):
                yield Diptych("opening the film", id="diptych", graphics=self._graphics)
                yield Journal(id="journal")
            with VerticalScroll(id="column", can_focus=False):
                yield Panel(progress)
                yield Panel(speed)
                yield Panel(stages, "where the time goes, a frame", id="stages")
                yield Panel(queues, "frames that wait", id="queues")
                yield Panel(steadiness, "warping error so far", id="steadiness")
                yield Panel(losses, "objective of this frame", id="losses")
                yield Panel(machine, "this takes", id="machine")
        yield Panel(brief, id="brief")
        yield Panel(briefest, id="briefest")
        yield Footer()

    def on_mount(self) -> None:
        """Begin, or look on."""
        self._show_state()
        if isinstance(self._subject, RunFolder):
            self._follow(self._subject)
        else:
            self._begin(self._subject)
        self.set_interval(1.0, self._tick)

    def on_unmount(self) -> None:
        """Let the thread that follows the run end, and the run go."""
        if self._hands is not None:
            self._hands.let_go()
        if self._watcher is not None:
            self._watcher.leave()

    @work
    async def _begin(self, request: RunRequest) -> None:
        """Start the run and follow it; where it is not to be, after all, this screen ends."""
        try:
            begun = await begin(request, self._program, self.app.push_screen_wait)
        except OSError as error:
            self._end(Sight(RunState(ending=Failed(f"the run could not be started ({error})", "", 70)), alive=False))
            return
        if begun is None:
            self.dismiss()
            return
        self._subject, self._engine = begun.request, begun.engine
        self._follow(begun.engine.folder).take()
        self.refresh_bindings()
        if begun.warning:
            self.notify(begun.warning, severity="warning")

    def _follow(self, folder: RunFolder) -> Hands:
        self._watcher = watcher = Watcher(folder, self._engine, self._tell)
        self._hands = hands = Hands(watcher)
        self.run_worker(watcher.follow, thread=True, group="watcher")
        self._wish()
        return hands

    def _tell(self, sight: Sight) -> None:
        self.post_message(Seen(sight))  # from the watcher's thread

    def on_seen(self, message: Seen) -> None:
        """Show what is new."""
        before, self._sight = self._sight, message.sight
        sight = message.sight
        if not sight.alive:
            self._end(sight)
            return
        self._mind_the_holder(before)
        story = sight.story
        news = (
            story.saved_frames[len(before.story.saved_frames) :] if before.story.started else ()
        )  # not what was before we came
        for saved in news:
            self.notify(saved.path, title=f"Frame {saved.frame}, {saved.view}, is saved")
        self._show_state()
        self.query_one(Diptych).show(sight.pictures, story.previews.frame if story.previews else None)
        self.query_one(Diptych).wait("the first frame is on its way" if story.started else "opening the film")
        self.query_one(Journal).show(story.log)
        if story.paused != before.story.paused or before.story.last_frame is None:
            self._show_numbers()

    def _tick(self) -> None:
        """Once a second: numbers that change faster are not read, and cost as much as the picture."""
        self._wish()
        self._show_numbers()

    def _show_numbers(self) -> None:
        for panel in self.query(Panel):
            panel.show(self._sight.story)

    def _end(self, sight: Sight) -> None:
        """Go on to what came of it, whatever question or help is open."""
        while self.app.screen is not self:
            self.app.pop_screen()
        self.app.switch_screen(SummaryScreen(self._past(sight), self._graphics))

    def _past(self, sight: Sight) -> Past:
        if isinstance(self._subject, RunRequest):
            return Past(sight, self._subject.arguments, self._subject.video, self._subject.output)
        started = sight.story.started
        film, output = (Path(started.video), Path(started.output)) if started else (Path(), Path())
        return Past(sight, tuple(self._subject.command()[1:]), film, output)

    def _mind_the_holder(self, before: Sight) -> None:
        """Lose hold of the run where somebody else has taken it; say so when that has gone again."""
        if self._sight.held == before.held:
            return
        if self._sight.held and self._hands is not None:
            self._hands.lose()
        elif before.story.started:
            self.notify("Who held this run has gone: pause (space), save (s) and stop (e) are yours.")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be done about a run that somebody else holds."""
        return self._hands is not None and not self._sight.held if action in _HANDS else True

    def action_turn(self, side: int, step: int) -> None:
        """Show another view as A (side 0), or as B (side 1) where there are two."""
        diptych = self.query_one(Diptych)
        diptych.turn(side if diptych.compared else 0, step)
        self._wish()

    def action_view(self, view: str) -> None:
        """Show this view."""
        self.query_one(Diptych).turn_to(view)
        self._wish()

    def action_compare(self) -> None:
        """One picture, or two."""
        self.query_one(Diptych).compare()
        self.call_after_refresh(self._wish)

    def action_flip(self) -> None:
        """Exchange A and B."""
        self.query_one(Diptych).swap()
        self._wish()

    def action_sharpen(self) -> None:
        """Show pixels, or blocks."""
        if not self.query_one(Diptych).sharpen():
            self.notify("This terminal can show blocks alone; it knows neither sixels nor kitty's protocol.")
        self._wish()

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
        self.call_after_refresh(self._wish)

    def action_scroll(self, pages: int) -> None:
        """Scroll the numbers."""
        column = self.query_one("#column")
        column.scroll_relative(y=pages * (column.size.height - 1), animate=False)

    def action_journal(self) -> None:
        """Show or hide the log."""
        self.query_one(Journal).toggle()
        self.call_after_refresh(self._wish)

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(RUNNING, WORDS))

    def action_pause(self) -> None:
        """Pause, or go on."""
        if self._hands is not None and not self._hands.stopping(self._sight):
            self._hands.pause(not self._hands.pausing(self._sight.story))
            self._show_state()

    def action_save(self) -> None:
        """Keep the view shown."""
        output = self._past(self._sight).output
        if self._hands is not None and output.name:
            path = self._hands.save(self.query_one(Diptych).views[0], output)
            self.notify(f"The next frame is kept as {path}")

    def action_stop(self) -> None:
        """Ask, and stop well."""
        if self._hands is not None and not self._hands.stopping(self._sight):
            self.app.push_screen(stop(self._sight.story), self._answered)

    def action_leave(self) -> None:
        """Leave; who started the run is asked what becomes of it."""
        if self._hands is None or self._engine is None:
            self._leave()
        elif self._hands.stopping(self._sight):
            self.app.push_screen(leave_stopping(), self._answered)
        else:
            self.app.push_screen(leave(self._sight.story), self._answered)

    def _answered(self, answer: str | None) -> None:
        if answer == STOP and self._hands is not None:
            self._hands.stop()
            self._show_state()
        elif answer == ABORT and self._engine is not None:
            self._engine.kill()
        elif answer == BACKGROUND:
            self._leave()

    def _leave(self) -> None:
        """Leave the run to itself, and say how to come back to it."""
        run = self._watcher.folder if self._watcher is not None else None
        self.app.exit(return_code=0, message=goes_on(run.name()) if run is not None else None)

    def _show_state(self) -> None:
        state = self._hands.state(self._sight) if self._hands is not None else "starting"
        self.query_one(Headline).show(self._sight.story.started, state)

    def _wish(self) -> None:
        """Say what is to be seen; pictures as large as there is room for now."""
        if self._watcher is not None:
            self._watcher.wish(self.query_one(Diptych).wishes())
