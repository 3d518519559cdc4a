"""The screen on which a run is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from textual import events, on
from textual.css.query import NoMatches
from textual.timer import Timer
from textual.widgets import Button

from streamstyle.errors import OutputError
from streamstyle.tui import leaving
from streamstyle.tui.graphics import Graphics
from streamstyle.tui.request import RunRequest
from streamstyle.tui.start.choices import Choices
from streamstyle.tui.start.easel import Answer, Answered, Easel, Refusal, picture_of
from streamstyle.tui.start.field import Field
from streamstyle.tui.start.film import FilmPanel
from streamstyle.tui.start.folder import FILMS, IMAGES, dropped, shortened
from streamstyle.tui.start.foot import Foot
from streamstyle.tui.start.inquiry import Inquiry
from streamstyle.tui.start.options import OptionsPanel
from streamstyle.tui.start.panels import Panels
from streamstyle.tui.start.picker import PathPicker
from streamstyle.tui.start.preview import PreviewPanel
from streamstyle.tui.start.scrubber import Scrubber
from streamstyle.tui.start.setting import SETTINGS, named_in
from streamstyle.tui.start.styles import Look, StylePanel

_QUIET = 0.7
"""Seconds without a change before a trial begins."""


class StartScreen(Panels):
    """What is chosen, what follows from it, and how the run begins."""

    def __init__(
        self,
        film: Path | None = None,
        graphics: Graphics | None = None,
        easel: Callable[[Answered], Easel] = Easel,
    ) -> None:
        """`graphics` is what the terminal can show; `easel` makes what answers questions, and tests have another."""
        super().__init__(graphics)
        self._choices = Choices()
        self._first = film
        self._inquiry = Inquiry(easel(self._hear))
        self._starting = False
        self._quiet: Timer | None = None

    def on_mount(self) -> None:
        """Begin with the film that was given, or ask for one."""
        self._inquiry.easel.open()
        self.action_page("style")
        self.query_one(StylePanel).focus_list()
        self._inquiry.about_styles(self.query_one(StylePanel).thumbnail_size())
        self._refresh()
        if self._first is not None:
            self._take_film(self._first)
        else:
            self.action_choose_film()

    @on(events.Resize)
    def _resized(self) -> None:
        """Ask for smaller or larger pictures of the styles."""
        self._inquiry.about_styles(self.query_one(StylePanel).thumbnail_size())

    async def on_unmount(self) -> None:
        """Leave no process behind."""
        await self._inquiry.easel.close()

    # ------------------------------------------------------------------------------------------------ what was chosen

    def _choose(self, **changes: Any) -> None:
        self._choices = replace(self._choices, **changes)
        self._starting = False
        self._refresh()

    def _refresh(self) -> None:
        """Show what follows from the choices by themselves, and ask what else does."""
        choices, foot = self._choices, self.query_one(Foot)
        foot.show_command(choices.command_line())
        refused = choices.refusals()
        for field in self.query(Field):
            field.refuse(refused.get(field.name or "", ""))
        self._inquiry.easel.forget("cost")
        if choices.film is None:
            foot.say("choose a film to begin (f)")
        elif refused:
            foot.say("something cannot be as it is set", refused=True)
        elif self._inquiry.film == choices.film and choices.style:
            self._inquiry.check(choices)
            self._look()
            self._try_later()

    @on(Scrubber.Moved)
    @on(PreviewPanel.RoomChanged)
    def _look(self) -> None:
        """Look at what is chosen, where that can be."""
        moment = self.query_one(PreviewPanel).moment()
        if moment and self._inquiry.film and self._choices.style and not self._choices.refusals():
            self._inquiry.look(self._choices, moment)

    def _try_later(self) -> None:
        """Ask for the cost once nothing has changed for a while."""
        if self._quiet is not None:
            self._quiet.stop()
        if not self._inquiry.tries(self._choices) and not self._inquiry.refuses(self._choices):
            self.query_one(Foot).say("a few frames are to be tried …")
            self._quiet = self.set_timer(_QUIET, self._try)

    def _try(self) -> None:
        if self._inquiry.refuses(self._choices):
            return  # what cannot be is worth no trial, and its reason stays to be read
        self.query_one(Foot).say("painting a few frames, to know how long it takes …")
        self._inquiry.try_out(self._choices)

    @on(Field.Changed)
    def _filled_in(self, event: Field.Changed) -> None:
        name, text = event.field.name or "", event.text
        if name in SETTINGS:
            rest = {other: kept for other, kept in self._choices.settings.items() if other != name}
            self._choose(settings=rest | ({name: text} if text else {}))
        else:
            self._choose(**{name: text}, **({"replace": False} if name == "output" else {}))

    @on(StylePanel.Chosen)
    def _style_chosen(self, event: StylePanel.Chosen) -> None:
        self._choose(style=event.name, replace=False)

    def _take_film(self, film: Path | None) -> None:
        if film is None:
            return
        film = shortened(film)
        self._choose(film=film, replace=False)
        self.query_one(FilmPanel).wait_for(film)
        self.query_one(Foot).say(f"looking at {film.name} …")
        self._inquiry.about_film(film)

    def _take_image(self, image: Path | None) -> None:
        if image is not None:
            width, height = self.query_one(StylePanel).thumbnail_size()
            self._inquiry.easel.ask("image", path=str(shortened(image)), width=width, height=height)

    # -------------------------------------------------------------------------------------------------- what was found

    def _hear(self, answer: Answer) -> None:
        with suppress(NoMatches):  # an answer that comes while the screen is taken apart
            getattr(self, f"_hear_{answer.ask}")(answer)

    def _hear_styles(self, answer: Answer) -> None:
        looks = [
            Look(each["name"], (each["title"], each["artist"]), picture_of(each["picture"]))
            for each in answer.found.get("styles", ())
        ]
        self.query_one(StylePanel).know(looks)
        if answer.refusal:
            self.notify(str(answer.refusal), severity="error")

    def _hear_image(self, answer: Answer) -> None:
        if answer.refusal:
            self.notify(str(answer.refusal), severity="error")
            return
        self.query_one(StylePanel).add(Look(answer.found["path"], (), picture_of(answer.found["picture"])))
        self.action_page("style")

    def _hear_film(self, answer: Answer) -> None:
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

    def _hear_still(self, answer: Answer) -> None:
        preview = self.query_one(PreviewPanel)
        if answer.refusal:
            preview.say(str(answer.refusal), refused=True)
            return
        preview.show(answer.found, self._choices)
        if answer.found["draft"]:
            self._inquiry.look_closer(answer)

    def _hear_check(self, answer: Answer) -> None:
        if tuple(answer.question["arguments"]) != self._choices.arguments():
            return
        self._inquiry.keep(answer)
        if answer.refusal:
            self._refuse(answer.refusal)
        else:
            self.query_one(OptionsPanel).know_output(Path(answer.found["output"]), answer.found["warnings"])
        if self._starting:
            self._begin(answer)

    def _hear_cost(self, answer: Answer) -> None:
        foot = self.query_one(Foot)
        if not self._inquiry.awaits(answer, self._choices):
            return
        if answer.refusal:
            foot.say(str(answer.refusal), refused=True)
        elif not answer.so_far or answer.found["tried"] > 1:
            foot.show_cost(answer.found, self._inquiry.free, so_far=answer.so_far)

    def _refuse(self, why: Refusal) -> None:
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
            self._starting = True
            self._refresh()

    def _begin(self, checked: Answer) -> None:
        self._starting = False
        if checked.refusal:
            self.notify(str(checked.refusal), severity="error")
            return
        self._ask(self._choices, checked.found)

    def _ask(self, choices: Choices, found: Mapping[str, Any]) -> None:
        """Ask about what would be lost, one thing after the other; begin where there is nothing."""
        output = Path(found["output"])
        other = leaving.free_name(output)
        if found["exists"] and not choices.replace:
            self.app.push_screen(leaving.replace(output, other), partial(self._answer, choices, found))
        elif found.get("begun") and not choices.restart:
            self.app.push_screen(leaving.begun(found["begun"], other), partial(self._answer, choices, found))
        else:
            self._leave_for(choices, output)

    def _answer(self, choices: Choices, found: Mapping[str, Any], answer: str | None) -> None:
        if answer == leaving.REPLACE:
            self._ask(replace(choices, replace=True), found)
        elif answer == leaving.ANEW:
            self._ask(replace(choices, restart=True), found)
        elif answer == leaving.BESIDE:
            other = leaving.free_name(Path(found["output"]))
            self._leave_for(replace(choices, output=str(other)), other)

    def _leave_for(self, choices: Choices, output: Path) -> None:
        if choices.film is not None:
            self.dismiss(RunRequest(choices.arguments(), choices.film, output))

    @on(Button.Pressed, "#start")
    def _start_pressed(self) -> None:
        self.action_start()

    @on(Button.Pressed, "#choose-film")
    def action_choose_film(self) -> None:
        """Ask for a film."""
        folder = self._choices.film.absolute().parent if self._choices.film else Path.cwd()
        self.app.push_screen(PathPicker("a film", FILMS, folder), self._take_film)

    @on(StylePanel.ImageWanted)
    def action_choose_image(self) -> None:
        """Ask for an image to paint after."""
        self.app.push_screen(PathPicker("an image", IMAGES, Path.cwd()), self._take_image)

    def on_paste(self, event: events.Paste) -> None:
        """Take a film or an image that was dropped on the terminal."""
        path = Path(dropped(event.text)).expanduser()
        (self._take_image if path.suffix.lower() in IMAGES else self._take_film)(path)

    def action_copy(self) -> None:
        """Copy the command line, through the terminal."""
        self.app.copy_to_clipboard(self._choices.command_line())
        self.notify("The command line is in the clipboard, if the terminal allows it.")
