"""The part of the run screen that looks: which views are shown, and how large, with or without figures and log."""

from __future__ import annotations

from textual import on
from textual.screen import Screen

from streamstyle.tui.widgets.image import NO_PIXELS, ImageView
from streamstyle.tui.widgets.image_pair import Arrangement
from streamstyle.tui.widgets.text import LogView
from streamstyle.tui.widgets.view_pair import ViewPair
from streamstyle.tui.widgets.view_tabs import ViewTabs


class RunViews(Screen[str]):
    """A screen with a `ViewPair`, `ViewTabs`, a `LogView` and a column of figures."""

    def request_previews(self) -> None:
        """Ask the run for the previews that are shown, in the size of the widgets."""
        raise NotImplementedError

    def on_screen_suspend(self) -> None:
        """Let images be drawn anew when a dialog has closed."""
        for image in self.query(ImageView):
            image.forget_drawn()

    def action_cycle_view(self, side: int, step: int) -> None:
        """Show the next or previous view in the first image (side 0), or in the second one (side 1) if it is shown."""
        images = self.query_one(ViewPair)
        images.cycle_view(side if images.compared else 0, step)
        self._views_changed()

    def action_show_view(self, view: str) -> None:
        """Show a view in the first image."""
        self.query_one(ViewPair).show_view(view)
        self._views_changed()

    @on(ViewTabs.Chosen)
    def _show_chosen_view(self, event: ViewTabs.Chosen) -> None:
        self.action_show_view(event.view)

    def action_compare(self) -> None:
        """Show one view, or two at once."""
        self._toggle_arrangement(Arrangement.both)

    def action_wipe(self) -> None:
        """Show one view, or a wipe between two."""
        self._toggle_arrangement(Arrangement.wipe)

    def action_move_boundary(self, fraction: float) -> None:
        """Move the boundary of the wipe by a fraction of the width."""
        self.query_one(ViewPair).move_boundary(fraction)

    def action_swap(self) -> None:
        """Swap the two views."""
        self.query_one(ViewPair).swap()
        self._views_changed()

    def action_toggle_pixels(self) -> None:
        """Show pixels, or quadrant blocks."""
        if not self.query_one(ViewPair).toggle_pixels():
            self.notify(NO_PIXELS)
        self.request_previews()

    def action_toggle_stats(self) -> None:
        """Hide the figures, or show them; on a small terminal, which shows few, first show all of them."""
        small = any(self.has_class(name) for name in ("-tiny", "-narrow", "-low"))
        if self.has_class("all-stats"):
            self.remove_class("all-stats")
            self.add_class("no-stats")
        elif self.has_class("no-stats"):
            self.remove_class("no-stats")
        else:
            self.add_class("all-stats" if small else "no-stats")
        self.call_after_refresh(self.request_previews)

    def action_scroll(self, pages: int) -> None:
        """Scroll the figures."""
        column = self.query_one("#stats-column")
        column.scroll_relative(y=pages * (column.size.height - 1), animate=False)

    def action_toggle_log(self) -> None:
        """Show or hide the log."""
        self.query_one(LogView).toggle()
        self.call_after_refresh(self.request_previews)

    def _toggle_arrangement(self, arrangement: Arrangement) -> None:
        self.query_one(ViewPair).toggle(arrangement)
        self._views_changed()
        self.call_after_refresh(self.request_previews)

    def _views_changed(self) -> None:
        images = self.query_one(ViewPair)
        self.query_one(ViewTabs).show(images.views if images.compared else images.views[:1])
        self.request_previews()
