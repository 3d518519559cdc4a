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
from streamstyle.tui.dialogs import HelpScreen, choose_target
from streamstyle.tui.screens.file_picker import FILMS, IMAGES, FilePicker, parse_dropped, relative_to_cwd
from streamstyle.tui.setup.bars import SETUP_BINDINGS, SETUP_GLOSSARY, KeyBar, PageBar
from streamstyle.tui.setup.client import PreviewClient, Reply, ReplyCallback, RequestError, SetupQueries
from streamstyle.tui.setup.fields import Field, FieldHint
from streamstyle.tui.setup.panels import EstimateBar, FilmPanel, OptionsPanel
from streamstyle.tui.setup.preview import PreviewPanel
from streamstyle.tui.setup.state import SETTINGS, SetupState, settings_in_message
from streamstyle.tui.setup.style_list import StylePanel
from streamstyle.tui.terminal_query import Graphics

_ESTIMATE_DELAY = 0.7
"""Seconds without a change before the time and size are estimated."""


class SetupScreen(Screen[RunRequest | None]):
    """Asks for a film, a style and options; ends with the run that was asked for, or with None."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*SETUP_BINDINGS]

    def __init__(
        self,
        film: Path | None = None,
        graphics: Graphics | None = None,
        make_client: Callable[[ReplyCallback], PreviewClient] = PreviewClient,
    ) -> None:
        """`graphics` is what the terminal can show; `easel` makes the client of the preview server."""
        super().__init__()
        self._graphics = graphics
        self._state = SetupState()
        self._first_film = film
        self._queries = SetupQueries(make_client(self._on_reply))
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
        yield EstimateBar(id="foot")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the film that was given, or ask for one."""
        self._queries.client.open()
        self.action_page("style")
        self.query_one(StylePanel).focus_list()
        self._queries.request_styles(self.query_one(StylePanel).thumbnail_size())
        self._refresh()
        if self._first_film is not None:
            self._set_film(self._first_film)
        else:
            self.action_choose_film()

    def on_resize(self, event: events.Resize) -> None:
        """Turn panels that have no room beside the others into pages; ask for thumbnails of the new size."""
        self.query_one(PageBar).fit(*event.size)
        self._queries.request_styles(self.query_one(StylePanel).thumbnail_size())

    async def on_unmount(self) -> None:
        """End the preview server."""
        await self._queries.client.close()

    # ------------------------------------------------------------------------------------------------ what was chosen

    def _change(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._start_when_checked = False
        self._refresh()

    def _refresh(self) -> None:
        """Show what follows from the choices by themselves, and ask what else does."""
        choices, foot = self._state, self.query_one(EstimateBar)
        foot.show_command(choices.command_line())
        refused = choices.errors()
        for field in self.query(Field):
            field.show_error(refused.get(field.name or "", ""))
        self._queries.client.cancel("estimate")
        if choices.film is None:
            foot.show_message("choose a film to begin (f)")
        elif refused:
            foot.show_message("something cannot be as it is set", refused=True)
        elif self._queries.film == choices.film and choices.style:
            self._queries.request_check(choices)
            self._request_preview()
            self._schedule_estimate()

    @on(PreviewPanel.FrameWanted)
    def _request_preview(self) -> None:
        """Look at what is chosen, where that can be."""
        moment = self.query_one(PreviewPanel).frame_request()
        if moment and self._queries.film and self._state.style and not self._state.errors():
            self._queries.request_draft(self._state, moment)

    def _schedule_estimate(self) -> None:
        """Ask for the cost once nothing has changed for a while."""
        if self._estimate_timer is not None:
            self._estimate_timer.stop()
        if not self._queries.has_estimate_request(self._state) and not self._queries.is_refused(self._state):
            self.query_one(EstimateBar).show_message("a few frames are to be tried …")
            self._estimate_timer = self.set_timer(_ESTIMATE_DELAY, self._request_estimate)

    def _request_estimate(self) -> None:
        if self._queries.is_refused(self._state):
            return  # what cannot be is worth no trial, and its reason stays to be read
        self.query_one(EstimateBar).show_message("painting a few frames, to know how long it takes …")
        self._queries.request_estimate(self._state)

    @on(Field.Changed)
    def _store_field(self, event: Field.Changed) -> None:
        name, text = event.field.name or "", event.text
        if name in SETTINGS:
            rest = {other: kept for other, kept in self._state.settings.items() if other != name}
            self._change(settings=rest | ({name: text} if text else {}))
        else:
            self._change(**{name: text})

    @on(StylePanel.Chosen)
    def _store_style(self, event: StylePanel.Chosen) -> None:
        self._change(style=event.name)

    def _set_film(self, film: Path | None) -> None:
        if film is None:
            return
        film = relative_to_cwd(film)
        self._change(film=film)
        self.query_one(FilmPanel).show_loading(film)
        self.query_one(EstimateBar).show_message(f"looking at {film.name} …")
        self._queries.request_film(film)

    def _add_image(self, image: Path | None) -> None:
        if image is not None:
            width, height = self.query_one(StylePanel).thumbnail_size()
            self._queries.client.request("image", path=str(relative_to_cwd(image)), width=width, height=height)

    # -------------------------------------------------------------------------------------------------- what was found

    def _on_reply(self, answer: Reply) -> None:
        with suppress(NoMatches):  # an answer that comes while the screen is taken apart
            getattr(self, f"_on_{answer.ask}")(answer)

    def _on_styles(self, answer: Reply) -> None:
        self.query_one(StylePanel).set_items(answer.result.get("styles", ()))
        if answer.error:
            self.notify(str(answer.error), severity="error")

    def _on_image(self, answer: Reply) -> None:
        if answer.error:
            self.notify(str(answer.error), severity="error")
            return
        self.query_one(StylePanel).add_image(answer.result)
        self.action_page("style")

    def _on_video(self, answer: Reply) -> None:
        film = Path(answer.question["path"])
        if film != self._state.film:
            return
        self._queries.film_error = answer.error
        if answer.error:
            self.query_one(FilmPanel).show_error(film, answer.error)
            self.query_one(PreviewPanel).show_message("There is no picture of this.")
            self.query_one(EstimateBar).show_message(str(answer.error), refused=True)
            return
        self._queries.film = film
        self.query_one(FilmPanel).show_facts(answer.result)
        self.query_one(OptionsPanel).set_source_height(answer.result["height"])
        self.query_one(PreviewPanel).set_duration(answer.result["duration"])
        self.query_one(PreviewPanel).show_message("painting a frame …")
        self._refresh()

    def _on_preview(self, answer: Reply) -> None:
        preview = self.query_one(PreviewPanel)
        if answer.error:
            preview.show_message(str(answer.error), refused=True)
            return
        preview.show(answer.result, self._state)
        if answer.result["draft"]:
            self._queries.request_final(answer)

    def _on_check(self, answer: Reply) -> None:
        if tuple(answer.question["arguments"]) != self._state.arguments():
            return
        self._queries.store_check(answer)
        if answer.error:
            self._show_refusal(answer.error)
        else:
            self.query_one(OptionsPanel).set_output(Path(answer.result["output"]), answer.result["warnings"])
        if self._start_when_checked:
            self._begin(answer)

    def _on_estimate(self, answer: Reply) -> None:
        foot = self.query_one(EstimateBar)
        if not self._queries.is_current(answer, self._state):
            return
        if answer.error:
            foot.show_message(str(answer.error), refused=True)
        elif not answer.partial or answer.result["trial_frames"] > 1:
            foot.show_estimate(answer.result, self._queries.free_bytes, so_far=answer.partial)

    def _show_refusal(self, why: RequestError) -> None:
        """Say what cannot be, at the field that it is about."""
        output = self.query_one("#field-output", Field)
        names = settings_in_message(why.problem) or (["output"] if why.exit_code == OutputError.exit_code else [])
        for field in self.query(Field):
            if field.name in names or (field is output and "output" in names):
                field.show_error(str(why))
        self.query_one(EstimateBar).show_message(str(why), refused=True)

    # ------------------------------------------------------------------------------------------------------------ keys

    def action_start(self) -> None:
        """Begin the run, once it is known that it can be."""
        refused = self._state.errors()
        if self._state.film is None:
            self.action_choose_film()
        elif refused:
            self.action_page("options")
            self.query_one(f"#field-{next(iter(refused)).replace('_', '-')}", Field).control.focus()
        elif checked := self._queries.check_of(self._state):
            self._begin(checked)
        elif self._queries.film_error:
            self.notify(str(self._queries.film_error), severity="error")
        else:
            self._start_when_checked = True
            self._refresh()

    @work(exclusive=True, group="begin")
    async def _begin(self, checked: Reply) -> None:
        """End with the run; before that ask about what it would replace."""
        self._start_when_checked = False
        if checked.error:
            self.notify(str(checked.error), severity="error")
            return
        film, choices, found = self._state.film, self._state, checked.result
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
        folder = self._state.film.absolute().parent if self._state.film else Path.cwd()
        self.app.push_screen(FilePicker("a film", FILMS, folder), self._set_film)

    @on(StylePanel.ImageWanted)
    def action_choose_image(self) -> None:
        """Ask for an image to paint after."""
        self.app.push_screen(FilePicker("an image", IMAGES, Path.cwd()), self._add_image)

    def on_paste(self, event: events.Paste) -> None:
        """Take a film or an image that was dropped on the terminal."""
        path = Path(parse_dropped(event.text)).expanduser()
        (self._add_image if path.suffix.lower() in IMAGES else self._set_film)(path)

    def action_copy(self) -> None:
        """Copy the command line, through the terminal."""
        self.app.copy_to_clipboard(self._state.command_line())
        self.notify("The command line is in the clipboard, if the terminal allows it.")

    async def action_preview(self, action: str) -> None:
        """Pass a key on to the preview panel."""
        await self.query_one(PreviewPanel).run_action(action)

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(SETUP_BINDINGS, SETUP_GLOSSARY))

    def action_page(self, page: str) -> None:
        """Show a page, where not all panels have room."""
        self.query_one(PageBar).turn_to(page)

    def action_leave_field(self) -> None:
        """Leave the field, so that letters are keys again."""
        self.set_focus(None)

    def action_leave(self) -> None:
        """End without a run."""
        self.dismiss(None)
