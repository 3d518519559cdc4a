"""The fields of script, mask and key frames on the start screen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Collapsible

from streamstyle.tui.setup.directing_state import Directing
from streamstyle.tui.setup.fields import Field, NumberInput

_LOOK_INTERVAL = 1.0
"""Seconds between two looks at whether a file has been edited."""


class DirectingFields(Collapsible):
    """The fields, folded until one of them is filled."""

    DEFAULT_CSS = "DirectingFields Vertical { height: auto; }"

    class FilesEdited(Message):
        """A script, mask or painting has been written anew: what is known of the run no longer holds."""

    def __init__(self) -> None:
        super().__init__(Vertical(*_fields()), title="script, mask, key frames", id="directing")
        self._written: dict[Path, int] = {}

    def on_mount(self) -> None:
        """Look at the files from now on."""
        self.set_interval(_LOOK_INTERVAL, self._look_at_files)

    def set_texts(self, texts: Mapping[str, str]) -> None:
        """Fill the fields, and show them if there is something in them."""
        for field in self.query(Field):
            if (text := texts.get(field.name or "")) is not None:
                field.set_text(text)
        self.unfold_if(any(texts.values()))

    def unfold_if(self, condition: bool) -> None:
        """Show the fields if the condition holds."""
        if condition:
            self.collapsed = False

    async def _look_at_files(self) -> None:
        named = Directing(**{field.name or "": field.text for field in self.query(Field)})
        before = self._written
        self._written = await asyncio.to_thread(times_written, list(named.files()))
        if any(before.get(path, time) != time for path, time in self._written.items()):
            self.post_message(self.FilesEdited())


def times_written(paths: list[Path]) -> dict[Path, int]:
    """Return when files were written, in nanoseconds; 0 for one that is not there, or cannot be."""
    written = dict.fromkeys(paths, 0)
    for path in paths:
        with suppress(OSError, ValueError):
            written[path] = path.stat().st_mtime_ns
    return written


def _fields() -> Iterator[Field]:
    yield Field(
        "script", "script", NumberInput(placeholder="none"),
        "TOML file that says what each shot is stylised in; the style and its options hold where it says nothing. "
        "`streamstyle shots` writes one.",
    )  # fmt: skip
    yield Field(
        "mask", "mask", NumberInput(placeholder="none"),
        "Image, film or folder of images: white is painted in the style.",
    )  # fmt: skip
    yield Field(
        "outside", "outside it", NumberInput(placeholder="original"),
        "What is painted where the mask is black: a style, or original.",
    )  # fmt: skip
    yield Field(
        "keyframes", "key frames", NumberInput(placeholder="none"),
        "Frames that you painted, such as 0:12.5=painted.png 0:20=other.png; the film follows.",
    )  # fmt: skip
    yield Field(
        "adapt", "learn for", NumberInput(placeholder="no"),
        "Time to train the style on this film before, such as 5m; with key frames, on those.",
    )  # fmt: skip
