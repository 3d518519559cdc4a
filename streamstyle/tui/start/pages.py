"""Which panels are pages of their own, where a terminal has no room for all at once, and the bar that names them."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.reactive import reactive
from textual.widget import Widget

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
