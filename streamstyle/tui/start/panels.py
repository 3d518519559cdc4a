"""The panels of the start screen, and the keys that only change what of them is seen."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from streamstyle.tui.graphics import Graphics
from streamstyle.tui.help import HelpScreen
from streamstyle.tui.request import RunRequest
from streamstyle.tui.start.field import Field
from streamstyle.tui.start.film import FilmPanel
from streamstyle.tui.start.foot import Foot
from streamstyle.tui.start.keybar import KeyBar
from streamstyle.tui.start.keys import START, WORDS
from streamstyle.tui.start.options import OptionsPanel
from streamstyle.tui.start.pages import PAGES, PageBar, pages_at
from streamstyle.tui.start.preview import PreviewPanel
from streamstyle.tui.start.scrubber import Scrubber
from streamstyle.tui.start.styles import StylePanel

_WAYS = {"earlier": -1, "later": 1}
"""Through the film."""


class Panels(Screen[RunRequest | None]):
    """Ends with the run that was asked for, or with none."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*START]

    def __init__(self, graphics: Graphics | None = None) -> None:
        """`graphics` is what the terminal can show beside characters."""
        super().__init__()
        self._graphics = graphics

    def compose(self) -> ComposeResult:
        """Lay the panels out; which of them are seen, and where, is the style sheet's."""
        yield PageBar(id="pages")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield FilmPanel(id="film-panel")
                yield StylePanel(id="style-panel")
                yield OptionsPanel(id="options-panel")
                yield Static(id="hint", markup=False)
            yield PreviewPanel(id="preview-panel", graphics=self._graphics)
        yield Foot(id="foot")
        yield KeyBar(id="keys")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the field that is being filled in means."""
        field = next((each for each in event.widget.ancestors if isinstance(each, Field)), None)
        self.query_one("#hint", Static).update(field.help if field else "", layout=False)
        self.query_one(KeyBar).show(typing=isinstance(event.widget, Input))

    def action_compare(self) -> None:
        """Show one picture, or two."""
        self.query_one(PreviewPanel).compare()

    def action_flip(self) -> None:
        """Exchange the painting and the film."""
        self.query_one(PreviewPanel).flip()

    def action_sharpen(self) -> None:
        """Show pixels, or blocks."""
        if not self.query_one(PreviewPanel).sharpen():
            self.notify("This terminal can show blocks alone; it knows neither sixels nor kitty's protocol.")

    def action_detail(self) -> None:
        """Show the middle pixel by pixel, or all of it."""
        self.query_one(PreviewPanel).toggle_detail()

    def action_scrub(self, way: str) -> None:
        """Look at another moment of the film, a twentieth of it away."""
        self.query_one(Scrubber).action_move(_WAYS[way] / 20)

    def action_step(self, way: str) -> None:
        """Look a second earlier or later."""
        scrubber = self.query_one(Scrubber)
        scrubber.go(scrubber.time + _WAYS[way])

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(START, WORDS))

    def action_page(self, page: str) -> None:
        """Show one of the pages where not all have room, and go to it."""
        for each in PAGES:
            self.set_class(each == page, f"-page-{each}")
        self.query_one(PageBar).here = page

    @on(PageBar.Wanted)
    def _page_wanted(self, event: PageBar.Wanted) -> None:
        self.action_page(event.page)

    def on_resize(self, event: events.Resize) -> None:
        """Offer as pages what has no room beside the others."""
        bar = self.query_one(PageBar)
        bar.pages = pages_at(*event.size)
        if bar.here not in bar.pages:
            self.action_page("style")

    def action_leave_field(self) -> None:
        """Leave what is being filled in, so that keys are keys again."""
        self.set_focus(None)
        self.query_one(KeyBar).show(typing=False)

    def action_leave(self) -> None:
        """Begin nothing."""
        self.dismiss(None)
