"""The start screen: it turns choices into the arguments of `streamstyle run`, with a preview and an estimate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button

from streamstyle.files import IMAGE_SUFFIXES, VIDEO_SUFFIXES, expand_home
from streamstyle.output_template import escape
from streamstyle.runs.launcher import RunRequest
from streamstyle.runs.status import earlier_arguments
from streamstyle.tui.dialogs import choose_target
from streamstyle.tui.screens.file_picker import STYLE_SUFFIXES, FilePicker, parse_dropped, relative_to_cwd
from streamstyle.tui.screens.help import HelpScreen
from streamstyle.tui.setup.answers import SetupAnswers
from streamstyle.tui.setup.bars import SETUP_BINDINGS, SETUP_GLOSSARY, KeyBar, PageBar
from streamstyle.tui.setup.client import PreviewClient, Reply, ReplyCallback
from streamstyle.tui.setup.directing_fields import DirectingFields
from streamstyle.tui.setup.directing_state import DIRECTING_FIELDS, SCRIPT_SUFFIXES
from streamstyle.tui.setup.fields import Field, FieldHint
from streamstyle.tui.setup.panels import EstimateBar, FilmPanel, OptionsPanel
from streamstyle.tui.setup.preview import PreviewPanel
from streamstyle.tui.setup.state import SETTINGS, SetupState
from streamstyle.tui.setup.style_list import StylePanel
from streamstyle.tui.terminal_query import Graphics


class SetupScreen(SetupAnswers):
    """Asks for a film, a style and options; posts `RunChosen`, and closes when it is left without a run."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*SETUP_BINDINGS]

    class RunChosen(Message):
        """A run is to be started; the screen stays, so that it can be returned to."""

        def __init__(self, request: RunRequest) -> None:
            super().__init__()
            self.request = request

    def __init__(
        self,
        video: Path | None = None,
        graphics: Graphics | None = None,
        make_client: Callable[[ReplyCallback], PreviewClient] = PreviewClient,
        initial: SetupState | None = None,
    ) -> None:
        """Without `video` the file picker opens first; `make_client` makes the client of the preview server.

        `initial` has the choices to begin with, by default those of `streamstyle run`.
        """
        super().__init__(make_client, initial or SetupState())
        self._graphics = graphics
        self._first_video = video

    def compose(self) -> ComposeResult:
        """Make all panels; the style sheet decides which are shown and where."""
        yield PageBar(id="pages")
        with Horizontal(id="setup-body"):
            with Vertical(id="left"):
                yield FilmPanel(id="film-panel")
                yield StylePanel(id="style-panel")
                yield OptionsPanel(id="options-panel")
                yield FieldHint(id="field-hint", markup=False)
            yield PreviewPanel(id="preview-panel", graphics=self._graphics)
        yield EstimateBar(id="estimate-bar")
        yield KeyBar(id="key-bar")

    def on_mount(self) -> None:
        """Read the film, or ask for one, and request the styles."""
        self._queries.client.open()
        self._show_choices(self._state)
        self.action_page("style")
        self.query_one(StylePanel).focus_list()
        self._queries.request_styles(self.query_one(StylePanel).thumbnail_size())
        self._refresh()
        if self._first_video is not None:
            self._set_video(self._first_video)
        else:
            self.action_choose_film()

    def on_resize(self, event: events.Resize) -> None:
        """Turn panels that do not fit beside the others into pages, and request thumbnails of the new size."""
        self.query_one(PageBar).fit(*event.size)
        self._queries.request_styles(self.query_one(StylePanel).thumbnail_size())

    async def on_unmount(self) -> None:
        """End the preview server."""
        await self._queries.client.close()

    def resume(self, problem: str = "") -> None:
        """Continue with the same choices after a run; `problem` says why it could not start."""
        self._queries.client.open()
        self._queries.forget_replies()
        self._refresh()
        if problem:
            self.notify(problem, title="The run could not start", severity="error", timeout=20)

    # -------------------------------------------------------------------------------------------------------- choices

    def _show_choices(self, state: SetupState) -> None:
        """Fill the fields."""
        style = self.query_one(StylePanel)
        style.preselect(state.style, state.second_style, state.second_weight, state.settings)
        self.query_one(OptionsPanel).set_state(state)

    def _change(self, **changes: Any) -> None:
        state = replace(self._state, **changes)
        if state == self._state:
            return  # a field was filled with what had been chosen
        self._state = state
        self._start_when_checked = False
        self._refresh()

    @on(Field.Changed)
    def _store_field(self, event: Field.Changed) -> None:
        name, text = event.field.name or "", event.text
        if name == "quality":
            state = self._state.with_quality(event.field.control.value)
            self._change(quality=state.quality, settings=state.settings)
        elif name in SETTINGS:
            others = {other: value for other, value in self._state.settings.items() if other != name}
            self._change(settings=others | ({name: text} if text else {}))
        elif name in DIRECTING_FIELDS:
            if name == "script":
                self.query_one(StylePanel).show_script(Path(text).name)
            self._change(directing=replace(self._state.directing, **{name: text.strip()}))
        else:
            self._change(**{name: text})

    @on(StylePanel.Chosen)
    def _store_style(self, event: StylePanel.Chosen) -> None:
        self._change(style=event.name)

    def _set_video(self, video: Path | None) -> None:
        if video is None:
            return
        video = relative_to_cwd(video)
        self._change(video=video)
        self.query_one(FilmPanel).show_loading(video)
        self.query_one(EstimateBar).show_message(f"reading {video.name} …")
        self._queries.request_video(video)

    def _add_image(self, image: Path | None) -> None:
        if image is not None:
            width, height = self.query_one(StylePanel).thumbnail_size()
            self._queries.client.request("image", path=str(relative_to_cwd(image)), width=width, height=height)

    def _fill_in(self, name: str, path: Path | None) -> None:
        """Fill the field of a script or a mask, as if its path had been typed."""
        if path is not None:
            self.action_page("options")
            self.query_one(DirectingFields).set_texts({name: str(relative_to_cwd(path))})

    # -------------------------------------------------------------------------------------------------------- actions

    def action_start(self) -> None:
        """Start the run once its check has succeeded; otherwise go to what is missing or invalid."""
        errors = self._state.errors()
        if self._state.video is None:
            self.action_choose_film()
        elif errors:
            self.action_page("options")
            self.query_one(DirectingFields).unfold_if(not errors.keys().isdisjoint(DIRECTING_FIELDS))
            self.query_one(f"#field-{next(iter(errors)).replace('_', '-')}", Field).control.focus()
        elif check := self._queries.check_of(self._state):
            self.start_run(check)
        elif self._queries.video_error:
            self.notify(str(self._queries.video_error), severity="error")
        else:
            self._start_when_checked = True
            self._refresh()

    @work(exclusive=True, group="start")
    async def start_run(self, check: Reply) -> None:
        """Post the run, after asking about files that it would replace, and end the preview server meanwhile."""
        self._start_when_checked = False
        if error := check.error or self._queries.estimate_error(self._state):
            self.notify(str(error), severity="error")
            return
        video, state = self._state.video, self._state
        output, conflict = Path(check.result["output"]), check.result.get("resume_problem", "")
        earlier = await asyncio.to_thread(earlier_arguments, output) if conflict else ()
        ask = self.app.push_screen_wait
        target = await choose_target(output, ask, check.result["output_exists"], conflict, earlier)
        if target is None or video is None:
            return
        if target.path != output:
            state = replace(state, output=escape(target.path))
        state = replace(state, replace=target.replace, restart=target.restart)
        self.post_message(self.RunChosen(RunRequest(target.arguments or state.arguments(), video, target.path)))
        await self._queries.client.close()

    @on(Button.Pressed, "#start")
    def _press_start(self) -> None:
        self.action_start()

    @on(Button.Pressed, "#choose-film")
    def action_choose_film(self) -> None:
        """Open the file picker for a film."""
        folder = self._state.video.absolute().parent if self._state.video else Path.cwd()
        self.app.push_screen(FilePicker("a film", VIDEO_SUFFIXES, folder), self._set_video)

    @on(StylePanel.ImageWanted)
    def action_choose_image(self) -> None:
        """Open the file picker for an image or a style file."""
        self.app.push_screen(FilePicker("an image", STYLE_SUFFIXES, Path.cwd()), self._add_image)

    def action_choose_script(self) -> None:
        """Open the file picker for a script."""
        self.app.push_screen(FilePicker("a script", SCRIPT_SUFFIXES, Path.cwd()), partial(self._fill_in, "script"))

    def action_choose_mask(self) -> None:
        """Open the file picker for a mask."""
        suffixes = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
        self.app.push_screen(FilePicker("a mask", suffixes, Path.cwd()), partial(self._fill_in, "mask"))

    def on_paste(self, event: events.Paste) -> None:
        """Use a film, a script, an image or a style file that was dropped on the terminal."""
        path = expand_home(parse_dropped(event.text))
        suffix = path.suffix.lower()
        if suffix in SCRIPT_SUFFIXES:
            self._fill_in("script", path)
        else:
            (self._add_image if suffix in STYLE_SUFFIXES else self._set_video)(path)

    def action_copy(self) -> None:
        """Copy the command line to the clipboard, if the terminal allows it (OSC 52)."""
        self.app.copy_to_clipboard(self._state.command_line())
        self.notify("Copied the command line, if the terminal allows it.")

    async def action_preview(self, action: str) -> None:
        """Run an action of the preview panel."""
        await self.query_one(PreviewPanel).run_action(action)

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(SETUP_BINDINGS, SETUP_GLOSSARY))

    def action_leave_field(self) -> None:
        """Leave the field, so that letters are keys again."""
        self.set_focus(None)

    def action_leave(self) -> None:
        """Close the screen without a run."""
        self.dismiss(None)
