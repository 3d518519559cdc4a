"""The screen on which a run is asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button

from streamstyle.errors import OutputError
from streamstyle.runs.launcher import RunRequest
from streamstyle.tui.graphics import Graphics
from streamstyle.tui.help import HelpScreen
from streamstyle.tui.leaving import choose_target
from streamstyle.tui.start.choices import Choices
from streamstyle.tui.start.easel import Answer, Answered, Easel, Refusal
from streamstyle.tui.start.field import Field, FieldHint
from streamstyle.tui.start.film import FilmPanel
from streamstyle.tui.start.folder import FILMS, IMAGES, dropped, shortened
from streamstyle.tui.start.foot import Foot
from streamstyle.tui.start.inquiry import Inquiry
from streamstyle.tui.start.keybar import KeyBar
from streamstyle.tui.start.keys import START, WORDS
from streamstyle.tui.start.options import OptionsPanel
from streamstyle.tui.start.pages import PageBar
from streamstyle.tui.start.picker import PathPicker
from streamstyle.tui.start.preview import PreviewPanel
from streamstyle.tui.start.setting import SETTINGS, named_in
from streamstyle.tui.start.styles import StylePanel

_ESTIMATE_DELAY = 0.7
"""Seconds without a change before the time and size are estimated."""


class SetupScreen(Screen[RunRequest | None]):
    """Asks for a film, a style and options; ends with the run that was asked for, or with None."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*START]

    def __init__(
        self,
        film: Path | None = None,
        graphics: Graphics | None = None,
        easel: Callable[[Answered], Easel] = Easel,
    ) -> None:
        """`graphics` is what the terminal can show; `easel` makes the client of the preview server."""
        super().__init__()
        self._graphics = graphics
        self._choices = Choices()
        self._first_film = film
        self._inquiry = Inquiry(easel(self._on_reply))
        self._start_when_checked = False
        self._estimate_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay the panels out; the style sheet decides which are shown and where."""
        yield PageBar(id="pages")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield FilmPanel(id="film-panel")
                yield StylePanel(id="style-panel")
                yield OptionsPanel(id="options-panel")
                yield FieldHint(id="hint", markup=False)
            yield PreviewPanel(id="preview-panel", graphics=self._graphics)
        yield Foot(id="foot")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the film that was given, or ask for one."""
        self._inquiry.easel.open()
        self.action_page("style")
        self.query_one(StylePanel).focus_list()
        self._inquiry.about_styles(self.query_one(StylePanel).thumbnail_size())
        self._refresh()
        if self._first_film is not None:
            self._set_film(self._first_film)
        else:
            self.action_choose_film()

    def on_resize(self, event: events.Resize) -> None:
        """Turn panels that have no room beside the others into pages; ask for thumbnails of the new size."""
        self.query_one(PageBar).fit(*event.size)
        self._inquiry.about_styles(self.query_one(StylePanel).thumbnail_size())

    async def on_unmount(self) -> None:
        """End the preview server."""
        await self._inquiry.easel.close()

    # ------------------------------------------------------------------------------------------------ what was chosen

    def _choose(self, **changes: Any) -> None:
        self._choices = replace(self._choices, **changes)
        self._start_when_checked = False
        self._refresh()

    def _refresh(self) -> None:
        """Show what follows from the choices by themselves, and ask what else does."""
        choices, foot = self._choices, self.query_one(Foot)
        foot.show_command(choices.command_line())
        refused = choices.refusals()
        for field in self.query(Field):
            field.refuse(refused.get(field.name or "", ""))
        self._inquiry.easel.forget("estimate")
        if choices.film is None:
            foot.say("choose a film to begin (f)")
        elif refused:
            foot.say("something cannot be as it is set", refused=True)
        elif self._inquiry.film == choices.film and choices.style:
            self._inquiry.check(choices)
            self._request_preview()
            self._schedule_estimate()

    @on(PreviewPanel.FrameWanted)
    def _request_preview(self) -> None:
        """Look at what is chosen, where that can be."""
        moment = self.query_one(PreviewPanel).moment()
        if moment and self._inquiry.film and self._choices.style and not self._choices.refusals():
            self._inquiry.look(self._choices, moment)

    def _schedule_estimate(self) -> None:
        """Ask for the cost once nothing has changed for a while."""
        if self._estimate_timer is not None:
            self._estimate_timer.stop()
        if not self._inquiry.tries(self._choices) and not self._inquiry.refuses(self._choices):
            self.query_one(Foot).say("a few frames are to be tried …")
            self._estimate_timer = self.set_timer(_ESTIMATE_DELAY, self._request_estimate)

    def _request_estimate(self) -> None:
        if self._inquiry.refuses(self._choices):
            return  # what cannot be is worth no trial, and its reason stays to be read
        self.query_one(Foot).say("painting a few frames, to know how long it takes …")
        self._inquiry.try_out(self._choices)

    @on(Field.Changed)
    def _store_field(self, event: Field.Changed) -> None:
        name, text = event.field.name or "", event.text
        if name in SETTINGS:
            rest = {other: kept for other, kept in self._choices.settings.items() if other != name}
            self._choose(settings=rest | ({name: text} if text else {}))
        else:
            self._choose(**{name: text})

    @on(StylePanel.Chosen)
    def _store_style(self, event: StylePanel.Chosen) -> None:
        self._choose(style=event.name)

    def _set_film(self, film: Path | None) -> None:
        if film is None:
            return
        film = shortened(film)
        self._choose(film=film)
        self.query_one(FilmPanel).wait_for(film)
        self.query_one(Foot).say(f"looking at {film.name} …")
        self._inquiry.about_film(film)

    def _add_image(self, image: Path | None) -> None:
        if image is not None:
            width, height = self.query_one(StylePanel).thumbnail_size()
            self._inquiry.easel.ask("image", path=str(shortened(image)), width=width, height=height)

    # -------------------------------------------------------------------------------------------------- what was found

    def _on_reply(self, answer: Answer) -> None:
        with suppress(NoMatches):  # an answer that comes while the screen is taken apart
            getattr(self, f"_on_{answer.ask}")(answer)

    def _on_styles(self, answer: Answer) -> None:
        self.query_one(StylePanel).know(answer.found.get("styles", ()))
        if answer.refusal:
            self.notify(str(answer.refusal), severity="error")

    def _on_image(self, answer: Answer) -> None:
        if answer.refusal:
            self.notify(str(answer.refusal), severity="error")
            return
        self.query_one(StylePanel).add(answer.found)
        self.action_page("style")

    def _on_video(self, answer: Answer) -> None:
        film = Path(answer.question["path"])
        if film != self._choices.film:
            return
        self._inquiry.film_refused = answer.refusal
        if answer.refusal:
            self.query_one(FilmPanel).refuse(film, answer.refusal)
            self.query_one(PreviewPanel).say("There is no picture of this.")
            self.query_one(Foot).say(str(answer.refusal), refused=True)
            return
        self._inquiry.film = film
        self.query_one(FilmPanel).know(answer.found)
        self.query_one(OptionsPanel).know_film(answer.found["height"])
        self.query_one(PreviewPanel).know_film(answer.found["duration"])
        self.query_one(PreviewPanel).say("painting a frame …")
        self._refresh()

    def _on_preview(self, answer: Answer) -> None:
        preview = self.query_one(PreviewPanel)
        if answer.refusal:
            preview.say(str(answer.refusal), refused=True)
            return
        preview.show(answer.found, self._choices)
        if answer.found["draft"]:
            self._inquiry.look_closer(answer)

    def _on_check(self, answer: Answer) -> None:
        if tuple(answer.question["arguments"]) != self._choices.arguments():
            return
        self._inquiry.keep(answer)
        if answer.refusal:
            self._show_refusal(answer.refusal)
        else:
            self.query_one(OptionsPanel).know_output(Path(answer.found["output"]), answer.found["warnings"])
        if self._start_when_checked:
            self._begin(answer)

    def _on_estimate(self, answer: Answer) -> None:
        foot = self.query_one(Foot)
        if not self._inquiry.awaits(answer, self._choices):
            return
        if answer.refusal:
            foot.say(str(answer.refusal), refused=True)
        elif not answer.so_far or answer.found["trial_frames"] > 1:
            foot.show_cost(answer.found, self._inquiry.free, so_far=answer.so_far)

    def _show_refusal(self, why: Refusal) -> None:
        """Say what cannot be, at the field that it is about."""
        output = self.query_one("#field-output", Field)
        names = named_in(why.problem) or (["output"] if why.exit_code == OutputError.exit_code else [])
        for field in self.query(Field):
            if field.name in names or (field is output and "output" in names):
                field.refuse(str(why))
        self.query_one(Foot).say(str(why), refused=True)

    # ------------------------------------------------------------------------------------------------------------ keys

    def action_start(self) -> None:
        """Begin the run, once it is known that it can be."""
        refused = self._choices.refusals()
        if self._choices.film is None:
            self.action_choose_film()
        elif refused:
            self.action_page("options")
            self.query_one(f"#field-{next(iter(refused)).replace('_', '-')}", Field).control.focus()
        elif checked := self._inquiry.checked(self._choices):
            self._begin(checked)
        elif self._inquiry.film_refused:
            self.notify(str(self._inquiry.film_refused), severity="error")
        else:
            self._start_when_checked = True
            self._refresh()

    @work(exclusive=True, group="begin")
    async def _begin(self, checked: Answer) -> None:
        """End with the run; before that ask about what it would replace."""
        self._start_when_checked = False
        if checked.refusal:
            self.notify(str(checked.refusal), severity="error")
            return
        film, choices, found = self._choices.film, self._choices, checked.found
        output, conflict = Path(found["output"]), found.get("resume_problem", "")
        target = await choose_target(output, self.app.push_screen_wait, found["output_exists"], conflict)
        if target is None or film is None:
            return
        if target.path != output:
            choices = replace(choices, output=str(target.path))
        choices = replace(choices, replace=target.replace, restart=target.restart)
        self.dismiss(RunRequest(choices.arguments(), film, target.path))

    @on(Button.Pressed, "#start")
    def _press_start(self) -> None:
        self.action_start()

    @on(Button.Pressed, "#choose-film")
    def action_choose_film(self) -> None:
        """Ask for a film."""
        folder = self._choices.film.absolute().parent if self._choices.film else Path.cwd()
        self.app.push_screen(PathPicker("a film", FILMS, folder), self._set_film)

    @on(StylePanel.ImageWanted)
    def action_choose_image(self) -> None:
        """Ask for an image to paint after."""
        self.app.push_screen(PathPicker("an image", IMAGES, Path.cwd()), self._add_image)

    def on_paste(self, event: events.Paste) -> None:
        """Take a film or an image that was dropped on the terminal."""
        path = Path(dropped(event.text)).expanduser()
        (self._add_image if path.suffix.lower() in IMAGES else self._set_film)(path)

    def action_copy(self) -> None:
        """Copy the command line, through the terminal."""
        self.app.copy_to_clipboard(self._choices.command_line())
        self.notify("The command line is in the clipboard, if the terminal allows it.")

    async def action_preview(self, action: str) -> None:
        """Pass a key on to the preview panel."""
        await self.query_one(PreviewPanel).run_action(action)

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(START, WORDS))

    def action_page(self, page: str) -> None:
        """Show a page, where not all panels have room."""
        self.query_one(PageBar).turn_to(page)

    def action_leave_field(self) -> None:
        """Leave the field, so that letters are keys again."""
        self.set_focus(None)

    def action_leave(self) -> None:
        """End without a run."""
        self.dismiss(None)
