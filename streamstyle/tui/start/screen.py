"""The screen on which a run is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Footer, Tab, Tabs

from streamstyle.errors import OutputError
from streamstyle.tui.request import RunRequest
from streamstyle.tui.start.choices import Choices
from streamstyle.tui.start.easel import Answer, Answered, Easel, Refusal, picture_of
from streamstyle.tui.start.field import Field
from streamstyle.tui.start.film import FilmPanel
from streamstyle.tui.start.folder import FILMS, IMAGES, dropped
from streamstyle.tui.start.foot import Foot
from streamstyle.tui.start.options import OptionsPanel
from streamstyle.tui.start.picker import PathPicker
from streamstyle.tui.start.preview import PreviewPanel
from streamstyle.tui.start.question import Question
from streamstyle.tui.start.scrubber import Scrubber
from streamstyle.tui.start.setting import SETTINGS, named_in
from streamstyle.tui.start.styles import Look, StylePanel

PAGES = ("film", "style", "options", "preview")

_QUIET = 0.7
"""Seconds without a change before a trial begins."""


class StartScreen(Screen[RunRequest | None]):
    """Ends with the run that was asked for, or with none."""

    BINDINGS = [  # noqa: RUF012
        Binding("ctrl+s,f5", "start", "start"),
        Binding("f,f2", "choose_film", "film"),
        Binding("i,f3", "choose_image", "any image"),
        Binding("v", "view", "view"),
        Binding("z", "detail", "pixels"),
        Binding("minus", "scrub(-0.05)", "earlier"),
        Binding("plus,equals_sign", "scrub(0.05)", "later"),
        Binding("c,ctrl+y", "copy", "copy command"),
        Binding("1", "page('film')", "film", show=False),
        Binding("2", "page('style')", "style", show=False),
        Binding("3", "page('options')", "options", show=False),
        Binding("4", "page('preview')", "preview", show=False),
        Binding("escape", "leave_field", "out of a field", show=False),
        Binding("q", "leave", "quit"),
    ]

    def __init__(self, film: Path | None = None, easel: Callable[[Answered], Easel] = Easel) -> None:
        """`easel` makes what answers questions; tests have another."""
        super().__init__()
        self._choices = Choices()
        self._first = film
        self._easel = easel(self._hear)
        self._known_film: Path | None = None
        self._checked: Answer | None = None
        self._looked: dict[str, Any] = {}
        self._starting = False
        self._quiet: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay the panels out; which of them are seen, and where, is the style sheet's."""
        yield Tabs(*(Tab(f"{number} {page.capitalize()}", id=page) for number, page in enumerate(PAGES, 1)), id="pages")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield FilmPanel(id="film-panel")
                yield StylePanel(id="style-panel")
                yield OptionsPanel(id="options-panel")
            yield PreviewPanel(id="preview-panel")
        yield Foot(id="foot")
        yield Footer()

    def on_mount(self) -> None:
        """Begin with the film that was given, or ask for one."""
        self.run_worker(self._easel.serve(), name="easel")
        self.action_page("style")
        styles = self.query_one(StylePanel)
        styles.focus_list()
        width, height = styles.thumbnail_size()
        self._easel.ask("styles", width=width, height=height)
        self._refresh()
        if self._first is not None:
            self._take_film(self._first)
        else:
            self.action_choose_film()

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
        self._easel.forget("cost")
        if choices.film is None:
            foot.say("choose a film to begin (f)")
        elif refused:
            foot.say("something cannot be as it is set", refused=True)
        elif self._known_film == choices.film and choices.style:
            self._easel.ask("check", arguments=choices.arguments())
            self._look()
            self._try_later()

    def _look(self) -> None:
        """Ask for a still, unless it is the one that is shown."""
        if self._known_film is None or not self._choices.style or self._choices.refusals():
            return
        question = {"arguments": self._choices.look().arguments(), **self.query_one(PreviewPanel).question()}
        if question != self._looked:
            self._looked = question
            self._easel.ask("still", draft=True, **question)

    def _try_later(self) -> None:
        """Ask for the cost once nothing has changed for a while."""
        if self._quiet is not None:
            self._quiet.stop()
        self._quiet = self.set_timer(_QUIET, self._try)

    def _try(self) -> None:
        self.query_one(Foot).say("trying a few frames …")
        self._easel.ask("cost", arguments=replace(self._choices, replace=False).arguments())

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

    @on(Scrubber.Moved)
    @on(PreviewPanel.RoomChanged)
    def _looks_elsewhere(self) -> None:
        self._look()

    def _take_film(self, film: Path | None) -> None:
        if film is None:
            return
        self._known_film, self._looked, self._checked = None, {}, None
        film = _short(film)
        self._choose(film=film, replace=False)
        self.query_one(FilmPanel).wait_for(film)
        self.query_one(Foot).say(f"looking at {film.name} …")
        self._easel.ask("film", path=str(film))

    def _take_image(self, image: Path | None) -> None:
        if image is not None:
            width, height = self.query_one(StylePanel).thumbnail_size()
            self._easel.ask("image", path=str(_short(image)), width=width, height=height)

    # -------------------------------------------------------------------------------------------------- what was found

    def _hear(self, answer: Answer) -> None:
        if self.is_attached:
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
        if answer.refusal:
            self.query_one(FilmPanel).refuse(film, answer.refusal)
            self.query_one(PreviewPanel).refuse(answer.refusal)
            self.query_one(Foot).say(str(answer.refusal), refused=True)
            return
        self._known_film = film
        self.query_one(FilmPanel).know(answer.found)
        self.query_one(OptionsPanel).know_film(answer.found["height"])
        self.query_one(PreviewPanel).know_film(answer.found["duration"])
        self._refresh()

    def _hear_still(self, answer: Answer) -> None:
        preview = self.query_one(PreviewPanel)
        if answer.refusal:
            preview.refuse(answer.refusal)
            return
        preview.show(answer.found, self._choices.mix)
        asked = {name: value for name, value in answer.question.items() if name != "draft"}
        if answer.found["draft"] and asked == self._looked:
            self._easel.ask("still", draft=False, **self._looked)

    def _hear_check(self, answer: Answer) -> None:
        if tuple(answer.question["arguments"]) != self._choices.arguments():
            return
        self._checked = answer
        if answer.refusal:
            self._refuse(answer.refusal)
        else:
            self.query_one(OptionsPanel).know_output(Path(answer.found["output"]), answer.found["warnings"])
        if self._starting:
            self._begin(answer)

    def _hear_cost(self, answer: Answer) -> None:
        foot = self.query_one(Foot)
        if answer.refusal:
            foot.say(str(answer.refusal), refused=True)
        elif not answer.so_far or answer.found["tried"] > 1:
            free = self._checked.found.get("free") if self._checked else None
            foot.show_cost(answer.found, free, so_far=answer.so_far)

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
        elif self._checked and tuple(self._checked.question["arguments"]) == self._choices.arguments():
            self._begin(self._checked)
        else:
            self._starting = True
            self._refresh()

    def _begin(self, checked: Answer) -> None:
        self._starting = False
        if checked.refusal:
            self.notify(str(checked.refusal), severity="error")
            return
        output = Path(checked.found["output"])
        if checked.found["exists"] and not self._choices.replace:
            asked = Question(f"{output} exists already. Replace it?", "Replace", "Keep it")
            self.app.push_screen(asked, lambda yes: self._leave_for(output, replace_it=True) if yes else None)
        else:
            self._leave_for(output, replace_it=self._choices.replace)

    def _leave_for(self, output: Path, *, replace_it: bool) -> None:
        choices = replace(self._choices, replace=replace_it)
        assert choices.film is not None
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

    def action_view(self) -> None:
        """Show the painting, the film, or both."""
        self.query_one(PreviewPanel).next_view()

    def action_detail(self) -> None:
        """Show the middle pixel by pixel, or all of it."""
        self.query_one(PreviewPanel).toggle_detail()

    def action_scrub(self, share: float) -> None:
        """Look at another moment of the film."""
        self.query_one(Scrubber).action_move(share)

    def action_copy(self) -> None:
        """Copy the command line, through the terminal."""
        self.app.copy_to_clipboard(self._choices.command_line())
        self.notify("The command line is in the clipboard, if the terminal allows it.")

    def action_page(self, page: str) -> None:
        """Show one of the pages where not all have room, and go to it."""
        for each in PAGES:
            self.set_class(each == page, f"-page-{each}")
        self.query_one(Tabs).active = page

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        self.action_page(event.tab.id or PAGES[0])

    def on_resize(self, event: events.Resize) -> None:
        """Offer as pages what has no room beside the others."""
        there = _pages(*event.size)
        tabs = self.query_one(Tabs)
        for page in PAGES:
            (tabs.show if page in there else tabs.hide)(page)
        if there and tabs.active not in there:
            self.action_page("style")

    def action_leave_field(self) -> None:
        """Leave what is being filled in, so that keys are keys again."""
        self.set_focus(None)

    def action_leave(self) -> None:
        """Begin nothing."""
        self.dismiss(None)


def _pages(width: int, height: int) -> tuple[str, ...]:
    """Return what cannot be seen all at once on a screen of that size in cells; the style sheet has the same limits."""
    if width >= 160:
        return ()
    if width < 60:
        return PAGES
    return PAGES[1:3] if height >= 34 else PAGES[:3]


def _short(path: Path) -> Path:
    """Return a path as people write it: from here, where it is below."""
    path = path.expanduser()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
