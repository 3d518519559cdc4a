"""The style panel: a list of styles with thumbnails, and fields for strength, scale, colours and a second style."""

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
"""Id of the last row, which opens the file picker."""


@dataclass(frozen=True, slots=True)
class StyleItem:
    """A row of the list: a built-in style, or an image or style file."""

    name: str
    """The value of `--style`."""
    caption: tuple[str, ...] = ()
    """Title and artist of the style image."""
    thumbnail: Pixels | None = None
    """Of the size that `StylePanel.thumbnail_size` gave."""


class StylePanel(Vertical):
    """The list of styles, and the fields below it."""

    class Chosen(Message):
        """Another style has been chosen."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class ImageWanted(Message):
        """The row for any image has been chosen."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._items: list[StyleItem] = []
        self._chosen = ""
        self._blended = ("", "")

    def compose(self) -> ComposeResult:
        """Put the fields below the list."""
        yield Static("Style", classes="heading", id="style-heading", markup=False)
        yield OptionList(id="styles", compact=True)
        for name in STYLE_SETTINGS:
            yield setting_field(SETTINGS[name], label={"preserve_colour": "keep colours"}.get(name, ""))
        yield Field("second_style", "blend with", CycleSelect({"": "none"}), "A second style, blended with the first.")
        weight = NumberInput("0.5", step=0.1)
        yield Field("second_weight", "its weight", weight, "Weight of the second style in the blend, 0 to 1.")

    def on_mount(self) -> None:
        """Hide the weight of the second style."""
        self.query_one("#field-second-weight").display = False

    def thumbnail_size(self) -> tuple[int, int]:
        """Return the (width, height) in pixels of the thumbnails."""
        return pixel_size(*self._thumbnail_cells())

    def on_resize(self) -> None:
        """Shorten the texts to the new width."""
        if self._items:
            self._fill_list()

    def preselect(self, style: str, second_style: str, second_weight: str, settings: Mapping[str, str]) -> None:
        """Choose a style, and one that it is blended with, once the list is there; fill the other fields."""
        self._chosen, self._blended = style, (second_style, second_weight)
        for name in STYLE_SETTINGS:
            self.query_one(f"#field-{name.replace('_', '-')}", Field).set_text(settings.get(name, ""))

    def set_items(self, styles: Sequence[Mapping[str, Any]]) -> None:
        """List styles from the result of a `styles` request, and keep the images that were added."""
        items = [
            StyleItem(each["name"], (each["title"], each["artist"]), decode_image(each["thumbnail"])) for each in styles
        ]
        names = {item.name for item in items}
        self._items = [*items, *(item for item in self._items if item.name not in names and Path(item.name).suffix)]
        for wanted in (self._chosen, self._blended[0]):
            if wanted and wanted not in {item.name for item in self._items}:
                self._items.append(StyleItem(wanted))
        self._choose(self._chosen or next((item.name for item in self._items), ""))
        self._choose_blended()

    def add_image(self, image: Mapping[str, Any]) -> None:
        """Add and choose an image or style file from the result of an `image` request."""
        item = StyleItem(image["path"], (), decode_image(image["thumbnail"]))
        self._items = [other for other in self._items if other.name != item.name] + [item]
        self._choose(item.name)

    def show_script(self, name: str) -> None:
        """Say of what the list is the style, where there is a script of this name."""
        heading = f"Style where {name} says nothing" if name else "Style"
        self.query_one("#style-heading", Static).update(heading)

    def focus_list(self) -> None:
        """Move the focus to the list."""
        self.query_one(OptionList).focus()

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._fill_list()
        self.post_message(self.Chosen(name))

    def _choose_blended(self) -> None:
        """Fill the fields of the second style, if one was preselected, once."""
        (style, weight), self._blended = self._blended, ("", "")
        if style:
            self.query_one("#field-second-style", Field).set_text(style)
            self.query_one("#field-second-weight", Field).set_text(weight)

    def _fill_list(self) -> None:
        options = self.query_one(OptionList)
        with self.prevent(OptionList.OptionHighlighted):
            options.clear_options()
            options.add_options([Option(self._item_text(item), id=item.name) for item in self._items])
            options.add_option(Option(Text("any image …", style="italic"), id=_ANY_IMAGE))
            if self._items:
                options.highlighted = options.get_option_index(self._chosen)
        second = self.query_one("#field-second-style", Field).control
        assert isinstance(second, CycleSelect)
        second.set_labels({"": "none"} | {item.name: Path(item.name).name for item in self._items})

    def _item_text(self, item: StyleItem) -> Text:
        texts = [Text(Path(item.name).name, style="bold"), *(Text(line, style="dim") for line in item.caption)]
        width = self.query_one(OptionList).scrollable_content_region.width or 40
        for text in texts:
            text.truncate(max(4, width - self._thumbnail_cells()[0] - 2), overflow="ellipsis")
        if self.app.size.height < 20 or item.thumbnail is None:
            return texts[0]
        pixels = to_grey(item.thumbnail) if self.app.no_color else item.thumbnail
        rows = render_rows(pixels, colour_depth(self.app), self.rich_style, dark=self.app.current_theme.dark)
        lines = [
            Text.assemble(*((segment.text, segment.style or "") for segment in row), "  ", text)
            for row, text in zip(rows, [*texts, *[Text()] * len(rows)], strict=False)
        ]
        return Text("\n").join([*lines, Text()])

    def _thumbnail_cells(self) -> tuple[int, int]:
        """Return the columns and rows of a thumbnail."""
        height = self.app.size.height
        return (14, 5) if height >= 56 else (10, 3) if height >= 34 else (6, 2)

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

    @on(Field.Changed, "#field-second-style")
    def _show_weight(self, event: Field.Changed) -> None:
        self.query_one("#field-second-weight").display = bool(event.text)
