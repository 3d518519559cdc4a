"""The keys and terms of the start screen, and the bars that show its keys and pages."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from streamstyle.tui.widgets.key_bar import ClickableKeys

SETUP_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("ctrl+s,f5", "start", "Start", key_display="^s", tooltip="Start the run"),
    Binding("f,f2", "choose_film", "Film", key_display="f", tooltip="Choose a film, or drop one on the terminal"),
    Binding("i,f3", "choose_image", "Image", key_display="i", tooltip="Use any image or a style file as the style"),
    Binding("s", "choose_script", "Script", show=False, tooltip="Choose a script, or drop one on the terminal"),
    Binding("m", "choose_mask", "Mask", show=False, tooltip="Choose a mask: an image or a film"),
    Binding("c", "preview('compare')", "Compare", tooltip="One image, or two at once"),
    Binding("w", "preview('wipe')", "Wipe", show=False, tooltip="A wipe between both images: drag the boundary"),
    Binding("x", "preview('swap')", "Swap", tooltip="Swap the stylised and the source frame"),
    Binding(
        "z",
        "preview('detail')",
        "Pixels",
        show=False,
        tooltip="Zoom: the centre at full resolution, or all",
    ),
    Binding(
        "p", "preview('toggle_pixels')", show=False, tooltip="Pixels (kitty's protocol or sixels), or quadrant blocks"
    ),
    Binding(
        "minus",
        "preview('scrub(-0.05)')",
        "Time",
        key_display="- +",
        tooltip="Another frame, a twentieth of the film earlier or later",
    ),
    Binding("plus,equals_sign", "preview('scrub(0.05)')", show=False),
    Binding(
        "comma",
        "preview('step(-1)')",
        show=False,
        key_display=", .",
        tooltip="Another frame, a second earlier or later",
    ),
    Binding("full_stop", "preview('step(1)')", show=False),
    Binding("y,ctrl+y", "copy", "Copy", key_display="y", tooltip="Copy the command line to the clipboard"),
    Binding("1", "page('film')", show=False, key_display="1 … 4", tooltip="Show film, style, options or preview"),
    Binding("2", "page('style')", show=False),
    Binding("3", "page('options')", show=False),
    Binding("4", "page('preview')", show=False),
    Binding("tab", "app.focus_next", show=False, tooltip="Next field; shift+tab: previous field"),
    Binding("escape", "leave_field", show=False, tooltip="Leave a field, so that letters are keys again"),
    Binding("q", "leave", "Quit", tooltip="Quit without a run"),
    Binding("ctrl+c", "leave", show=False, priority=True),
]

SETUP_GLOSSARY = [
    ("◂ ▸", "left, right or a click choose another value"),
    ("numbers", "up and down change them; a dim value is the default"),
    ("draft", "stylised at 360 lines to be quick; the frame at its real size follows"),
    ("≈", "an estimate, from a trial run on a few frames of the middle of the film"),
]
"""Terms on the start screen and their meanings."""


PAGES = ("film", "style", "options", "preview")


class KeyBar(ClickableKeys):
    """Shows the keys, which can also be clicked; while a text field has the focus, only the keys that work there."""

    DEFAULT_CSS = "KeyBar { height: 1; text-wrap: nowrap; text-overflow: clip; }"

    def on_mount(self) -> None:
        """Watch the focus."""
        self.watch(self.screen, "focused", self._show)

    def _show(self, focused: Widget | None) -> None:
        typing = isinstance(focused, Input)
        named = [(each, _key_while_typing(each) if typing else _key_name(each)) for each in SETUP_BINDINGS if each.show]
        self.show_keys((each.action, key, each.description) for each, key in named if key)


def _key_name(binding: Binding) -> str:
    return binding.key_display or binding.key


def _key_while_typing(binding: Binding) -> str:
    """Return the key of the binding that works in a text field; empty if there is none."""
    names = binding.key.split(",")
    return next((key.replace("ctrl+", "^") for key in names if key.startswith(("ctrl+", "f")) and len(key) > 1), "")


def pages_for_size(width: int, height: int) -> tuple[str, ...]:
    """Return the panels that are pages on a screen of that size in cells; the style sheet has the same limits."""
    if width >= 160 and height >= 34:
        return ()
    if width < 60:
        return PAGES
    return PAGES[1:3] if height >= 34 else PAGES[:3]


class PageBar(Widget):
    """Shows the pages and their keys; a click turns to a page."""

    COMPONENT_CLASSES = {"pages--key", "pages--page", "pages--current"}  # noqa: RUF012
    DEFAULT_CSS = "PageBar { height: 1; }"

    current = reactive("")
    pages: reactive[tuple[str, ...]] = reactive(PAGES)

    def fit(self, width: int, height: int) -> None:
        """Show the pages of a screen of that size in cells, and turn to one of them."""
        self.pages = pages_for_size(width, height)
        if self.current not in self.pages:
            self.turn_to("style")

    def turn_to(self, page: str) -> None:
        """Turn to a page: the screen gets a class by which the style sheet shows the panel."""
        for each in PAGES:
            self.screen.set_class(each == page, f"-page-{each}")
        self.current = page

    def on_click(self, event: events.Click) -> None:
        """Turn to the page under the mouse."""
        column = 0
        for page in self.pages:
            column += len(page) + 4
            if event.x < column:
                self.turn_to(page)
                return

    def render(self) -> Text:
        """Return the pages in a row, each after its key."""
        row = Text(no_wrap=True)
        for page in self.pages:
            row.append(f"{PAGES.index(page) + 1} ", self.get_component_rich_style("pages--key", partial=True))
            style = "pages--current" if page == self.current else "pages--page"
            row.append(page.capitalize(), self.get_component_rich_style(style, partial=True))
            row.append("  ")
        return row
