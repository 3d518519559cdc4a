"""The keys of the start screen, and the words its help explains."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from streamstyle.tui.widgets.text import ACCENT, MUTED, line

SETUP_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("ctrl+s,f5", "start", "Start", key_display="^s", tooltip="Start the run"),
    Binding(
        "f,f2", "choose_film", "Film", key_display="f", tooltip="Choose a film; one can be dropped on the terminal, too"
    ),
    Binding(
        "i,f3", "choose_image", "Image", key_display="i", tooltip="Paint after any image, or take a style from a file"
    ),
    Binding("c", "preview('compare')", "Compare", tooltip="One picture, or two side by side"),
    Binding("x", "preview('flip')", "Flip", tooltip="Exchange the painting and the film"),
    Binding(
        "z", "preview('detail')", "Pixels", show=False, tooltip="The middle of the picture pixel by pixel, or all of it"
    ),
    Binding("p", "preview('sharpen')", show=False, tooltip="True pixels, or blocks: by kitty's or sixels' protocol"),
    Binding(
        "minus", "preview('scrub(-0.05)')", "Time", key_display="- +", tooltip="Look at an earlier or later moment"
    ),
    Binding("plus,equals_sign", "preview('scrub(0.05)')", show=False),
    Binding("comma", "preview('step(-1)')", show=False, key_display=", .", tooltip="Look a second earlier or later"),
    Binding("full_stop", "preview('step(1)')", show=False),
    Binding("y,ctrl+y", "copy", "Copy", key_display="y", tooltip="Copy the command line, through the terminal"),
    Binding("1", "page('film')", show=False, key_display="1 … 4", tooltip="Go to film, style, options or preview"),
    Binding("2", "page('style')", show=False),
    Binding("3", "page('options')", show=False),
    Binding("4", "page('preview')", show=False),
    Binding("tab", "app.focus_next", show=False, tooltip="Go to the next field; shift+tab to the one before"),
    Binding("escape", "leave_field", show=False, tooltip="Leave a field, so that letters are keys again"),
    Binding("q", "leave", "Quit", tooltip="Quit; nothing has begun"),
    Binding("ctrl+c", "leave", show=False, priority=True),
]

SETUP_GLOSSARY = [
    ("◂ ▸", "left and right, or a click, walk through what there is to choose from"),
    ("numbers", "up and down change them; what is dim is the default"),
    ("draft", "painted small to be quick; the strokes of the real size follow"),
    ("≈", "an estimate, from a few frames of the film's middle painted for it just now"),
]
"""Terms of the screen, and what they mean."""


_GAP = "  "


class KeyBar(Static):
    """What the keys do, and a click on them; while something is typed, those that still are keys."""

    DEFAULT_CSS = "KeyBar { height: 1; text-wrap: nowrap; text-overflow: clip; }"

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._show)

    def _show(self, focused: Widget | None) -> None:
        typing = isinstance(focused, Input)
        shown = [
            (binding, _key_while_typing(binding) if typing else _key_name(binding))
            for binding in SETUP_BINDINGS
            if binding.show
        ]
        self._keys = [(each.action, line((key, ACCENT), (f" {each.description}", MUTED))) for each, key in shown if key]
        self.update(Content(_GAP).join([key for _, key in self._keys]), layout=False)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse does."""
        column = self.gutter.left
        for action, key in self._keys:
            if column <= event.x < column + key.cell_length:
                await self.screen.run_action(action)
            column += key.cell_length + len(_GAP)


def _key_name(binding: Binding) -> str:
    return binding.key_display or binding.key


def _key_while_typing(binding: Binding) -> str:
    """Return the key that is one even in a field; empty where there is none."""
    names = binding.key.split(",")
    return next((key.replace("ctrl+", "^") for key in names if key.startswith(("ctrl+", "f")) and len(key) > 1), "")


PAGES = ("film", "style", "options", "preview")


def pages_for_size(width: int, height: int) -> tuple[str, ...]:
    """Return what takes turns on a screen of that size in cells; the style sheet has the same limits."""
    if width >= 160 and height >= 34:
        return ()
    if width < 60:
        return PAGES
    return PAGES[1:3] if height >= 34 else PAGES[:3]


class PageBar(Widget):
    """The pages by their keys; a click goes to one."""

    COMPONENT_CLASSES = {"pages--key", "pages--page", "pages--here"}  # noqa: RUF012
    DEFAULT_CSS = "PageBar { height: 1; }"

    here = reactive("")
    pages: reactive[tuple[str, ...]] = reactive(PAGES)

    def fit(self, width: int, height: int) -> None:
        """Offer the pages of a screen of that size in cells, and turn to one of them."""
        self.pages = pages_for_size(width, height)
        if self.here not in self.pages:
            self.turn_to("style")

    def turn_to(self, page: str) -> None:
        """Show a page: the screen gets its class, by which the style sheet shows the panel."""
        for each in PAGES:
            self.screen.set_class(each == page, f"-page-{each}")
        self.here = page

    def on_click(self, event: events.Click) -> None:
        """Turn to the page under the mouse."""
        column = 0
        for page in self.pages:
            column += len(page) + 4
            if event.x < column:
                self.turn_to(page)
                return

    def render(self) -> Text:
        """Return the pages in a row, each with its key."""
        row = Text(no_wrap=True)
        for page in self.pages:
            row.append(f"{PAGES.index(page) + 1} ", self.get_component_rich_style("pages--key", partial=True))
            here = "pages--here" if page == self.here else "pages--page"
            row.append(page.capitalize(), self.get_component_rich_style(here, partial=True))
            row.append("  ")
        return row
