"""The styles there are, each with a small picture; another one blended in; and how strongly it is put on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from streamstyle.tui.setup.client import decode_image
from streamstyle.tui.setup.fields import CycleSelect, Field, NumberInput, setting_field
from streamstyle.tui.setup.panels import STYLE_SETTINGS
from streamstyle.tui.setup.state import SETTINGS
from streamstyle.tui.widgets.cells import Pixels, colour_depth, pixel_size, render_rows, to_grey

_ANY_IMAGE = "any image"
"""Id of the last row, which asks for one."""


@dataclass(frozen=True, slots=True)
class StyleItem:
    """A style, or an image to paint after."""

    name: str
    """What `--style` takes."""
    caption: tuple[str, ...] = ()
    """Its title and who painted it."""
    thumbnail: Pixels | None = None
    """Of the size that `StylePanel.thumbnail_size` gave."""


class StylePanel(Vertical):
    """A list to walk through, and what can be changed about a style."""

    class Chosen(Message):
        """A style is to be seen."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class ImageWanted(Message):
        """An image is to be chosen."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._items: list[StyleItem] = []
        self._chosen = ""

    def compose(self) -> ComposeResult:
        """Lay the panel out."""
        yield Static("Style", classes="heading")
        yield OptionList(id="styles", compact=True)
        for name in STYLE_SETTINGS:
            yield setting_field(SETTINGS[name], label={"preserve_colour": "keep colours"}.get(name, ""))
        yield Field("second", "blend with", CycleSelect({"": "nothing"}), "Another style, mixed into the first.")
        yield Field(
            "share", "its share", NumberInput("0.5", step=0.1), "How much of the blend the other style is, 0 to 1."
        )

    def on_mount(self) -> None:
        """Hide what belongs to a blend."""
        self.query_one("#field-share").display = False

    def thumbnail_size(self) -> tuple[int, int]:
        """Return the width and height in pixels of the pictures that there is room for."""
        return pixel_size(*self._thumbnail_cells(), colour_depth(self.app))

    def _thumbnail_cells(self) -> tuple[int, int]:
        """Return the columns and rows of a small picture."""
        height = self.app.size.height
        return (14, 5) if height >= 56 else (10, 3) if height >= 34 else (6, 2)

    def on_resize(self) -> None:
        """Cut the words anew."""
        if self._items:
            self._fill_list()

    def set_items(self, styles: Sequence[Mapping[str, Any]]) -> None:
        """List the styles that the preview server knows, and those images that were chosen before."""
        looks = [
            StyleItem(each["name"], (each["title"], each["artist"]), decode_image(each["thumbnail"])) for each in styles
        ]
        names = {look.name for look in looks}
        self._items = [*looks, *(look for look in self._items if look.name not in names and Path(look.name).suffix)]
        self._choose(self._chosen or next((look.name for look in self._items), ""))

    def add_image(self, found: Mapping[str, Any]) -> None:
        """List and choose an image, or a style in a file, as the preview server found it."""
        look = StyleItem(found["path"], (), decode_image(found["thumbnail"]))
        self._items = [known for known in self._items if known.name != look.name] + [look]
        self._choose(look.name)

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._fill_list()
        self.post_message(self.Chosen(name))

    def focus_list(self) -> None:
        """Go to the list."""
        self.query_one(OptionList).focus()

    def _fill_list(self) -> None:
        options = self.query_one(OptionList)
        with self.prevent(OptionList.OptionHighlighted):
            options.clear_options()
            options.add_options([Option(self._item_text(look), id=look.name) for look in self._items])
            options.add_option(Option(Text("any image …", style="italic"), id=_ANY_IMAGE))
            if self._items:
                options.highlighted = options.get_option_index(self._chosen)
        second = self.query_one("#field-second", Field).control
        assert isinstance(second, CycleSelect)
        second.set_labels({"": "nothing"} | {look.name: Path(look.name).name for look in self._items})

    def _item_text(self, look: StyleItem) -> Text:
        words = [Text(Path(look.name).name, style="bold"), *(Text(about, style="dim") for about in look.caption)]
        width = self.query_one(OptionList).scrollable_content_region.width or 40
        for word in words:
            word.truncate(max(4, width - self._thumbnail_cells()[0] - 2), overflow="ellipsis")
        if self.app.size.height < 20 or look.thumbnail is None:
            return words[0]
        picture = to_grey(look.thumbnail) if self.app.no_color else look.thumbnail
        drawn = render_rows(picture, colour_depth(self.app), self.rich_style, dark=self.app.current_theme.dark)
        lines = [
            Text.assemble(*((segment.text, segment.style or "") for segment in row), "  ", word)
            for row, word in zip(drawn, [*words, *[Text()] * len(drawn)], strict=False)
        ]
        return Text("\n").join([*lines, Text()])

    @on(OptionList.OptionHighlighted)
    def _choose_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        name = event.option_id or ""
        if name not in (_ANY_IMAGE, self._chosen):
            self._chosen = name
            self.post_message(self.Chosen(name))

    @on(OptionList.OptionSelected)
    def _ask_for_image(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == _ANY_IMAGE:
            self.post_message(self.ImageWanted())

    @on(Field.Changed, "#field-second")
    def _show_share(self, event: Field.Changed) -> None:
        self.query_one("#field-share").display = bool(event.text)
