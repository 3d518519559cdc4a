"""The file picker: a list of a folder that typing filters, and a line that also takes a path, typed or dropped."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from streamstyle.files import IMAGE_SUFFIXES, expand_home
from streamstyle.formatting import format_bytes, sanitise

STYLE_SUFFIXES = (*IMAGE_SUFFIXES, ".safetensors")
"""Extensions of images and style files."""


@dataclass(frozen=True, slots=True)
class DirEntry:
    """A file or folder in the list."""

    path: Path
    is_folder: bool
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class ParsedInput:
    """The meaning of a typed text."""

    folder: Path
    """The folder to list."""
    name_filter: str
    """Text that the listed names contain."""


def parse_typed(text: str, folder: Path) -> ParsedInput:
    """Return the meaning of a text typed while `folder` is shown: a path changes the folder, a word filters."""
    text = text.strip()
    head, slash, tail = text.rpartition("/")
    if not slash:
        return ParsedInput(Path.home(), "") if text == "~" else ParsedInput(folder, text)
    return ParsedInput(folder / expand_home((head or "/") if head != "~" else "~/"), tail)


def parse_dropped(text: str) -> str:
    """Return the path that a terminal pastes for a dropped file, without quotes, escapes and file://."""
    line = text.strip().splitlines()[0].strip() if text.strip() else ""
    if line.startswith("file://"):
        return unquote(urlsplit(line).path)
    if line[:1] in ("'", '"') or "\\ " in line:
        try:
            parts = shlex.split(line)
        except ValueError:
            return line.strip("'\"")
        return parse_dropped(parts[0]) if parts else ""
    return line


def relative_to_cwd(path: Path) -> Path:
    """Return the path relative to the current folder if it is below it."""
    path, cwd = expand_home(path), Path.cwd()
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def list_folder(folder: Path, suffixes: Collection[str]) -> list[DirEntry]:
    """Return the folders in a folder, then its files with one of the suffixes, by name; hidden ones are left out.

    Raises OSError if the folder cannot be read.
    """
    listed = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = Path(entry.path)
            if _is_folder(entry):
                listed.append(DirEntry(path, True))
            elif path.suffix.lower() in suffixes:
                listed.append(DirEntry(path, False, _file_size(entry)))
    return sorted(listed, key=lambda entry: (not entry.is_folder, entry.path.name.lower()))


def filter_entries(entries: Collection[DirEntry], text: str) -> list[DirEntry]:
    """Return the entries whose names contain the text, those that begin with it first; case does not matter."""
    text = text.lower()
    matching = [entry for entry in entries if text in entry.path.name.lower()]
    return sorted(matching, key=lambda entry: not entry.path.name.lower().startswith(text))


def complete_name(entries: Collection[DirEntry], text: str) -> str:
    """Return the common prefix of all names that begin with the text; the text if there are none."""
    names = [entry.path.name for entry in entries if entry.path.name.lower().startswith(text.lower())]
    common = text
    while any(names) and all(name.startswith(names[0][: len(common) + 1]) for name in names):
        if len(common) == len(names[0]):
            break
        common = names[0][: len(common) + 1]
    return common


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _file_size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0


class PathInput(Input):
    """An input for a path; a file dropped on the terminal arrives as pasted text."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.value = parse_dropped(event.text)
        self.cursor_position = len(self.value)


class FilePicker(ModalScreen[Path | None]):
    """Asks for a file; the result is its path, or None."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape", "dismiss", "back"),
        Binding("ctrl+c", "dismiss", show=False, priority=True),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "move(-10)", "up", show=False),
        Binding("pagedown", "move(10)", "down", show=False),
        Binding("tab", "complete", "complete", priority=True),
        Binding("ctrl+up", "parent", "parent folder", priority=True),
    ]

    def __init__(self, what: str, suffixes: Collection[str], folder: Path) -> None:
        """`what` names the kind of file, such as `a film`; files with one of the suffixes are listed."""
        super().__init__()
        self._what, self._suffixes, self._folder = what, suffixes, folder
        self._shown: list[DirEntry] = []
        self._listed: tuple[Path, list[DirEntry]] = folder, []

    def compose(self) -> ComposeResult:
        """Put the list below the input."""
        with Vertical(id="picker"):
            yield Static(f"Choose {self._what}", classes="heading")
            yield PathInput(placeholder="type to filter, or a path", compact=True)
            yield Static(id="picker-folder", markup=False)
            yield OptionList(id="picker-list", compact=True)
            yield Static("enter choose · tab complete · ctrl+↑ parent folder · esc back", classes="keys")

    def on_mount(self) -> None:
        """List the folder."""
        self.query_one(OptionList).can_focus = False  # the input keeps the focus
        self.query_one(PathInput).focus()
        self._list("")

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._list(event.value)

    @work(exclusive=True)
    async def _list(self, text: str) -> None:
        parsed = parse_typed(text, self._folder)
        folder = parsed.folder
        if folder != self._listed[0] or not self._listed[1]:
            try:
                self._listed = folder, await asyncio.to_thread(list_folder, folder, self._suffixes)
            except OSError as error:
                self._listed = folder, []
                self._show_entries([], f"{error.strerror}: {folder}")
                return
        entries = filter_entries(self._listed[1], parsed.name_filter)
        prefix = "" if any(not entry.is_folder for entry in entries) else f"no {self._what.partition(' ')[2]} in "
        self._show_entries(entries, f"{prefix}{folder}")

    def _show_entries(self, entries: list[DirEntry], heading: str) -> None:
        self._shown = entries
        self.query_one("#picker-folder", Static).update(heading)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._entry_text(entry)) for entry in entries])
        first_file = next((index for index, entry in enumerate(entries) if not entry.is_folder), 0)
        options.highlighted = first_file if entries else None

    def _entry_text(self, entry: DirEntry) -> Text:
        if entry.is_folder:
            return Text(f"{sanitise(entry.path.name)}/", style="dim", no_wrap=True, overflow="ellipsis")
        size = format_bytes(entry.bytes)
        return Text.assemble(f"{sanitise(entry.path.name)}  ", (size, "dim"), no_wrap=True, overflow="ellipsis")

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        options = self.query_one(OptionList)
        if options.option_count:
            index, count = (options.highlighted or 0) + by, options.option_count
            options.highlighted = index % count if abs(by) == 1 else max(0, min(index, count - 1))

    def action_complete(self) -> None:
        """Complete the name as far as it is unambiguous."""
        line = self.query_one(PathInput)
        parsed = parse_typed(line.value, self._folder)
        head = line.value[: len(line.value) - len(parsed.name_filter)]
        name = complete_name(self._listed[1], parsed.name_filter)
        matching = filter_entries(self._shown, name)
        is_folder = len(matching) == 1 and matching[0].is_folder and matching[0].path.name == name
        line.value = head + name + "/" * is_folder
        line.cursor_position = len(line.value)

    def action_parent(self) -> None:
        """List the parent folder."""
        self._open_folder(parse_typed(self.query_one(PathInput).value, self._folder).folder.parent)

    @on(Input.Submitted)
    def _submit(self) -> None:
        text = self.query_one(PathInput).value.strip()
        path = (self._folder / expand_home(text)) if text else None
        if path is not None and path.is_file():
            self.dismiss(path)
        elif path is not None and "/" in text and path.is_dir():
            self._open_folder(path)
        else:
            self._choose(self.query_one(OptionList).highlighted)

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        self._choose(event.option_index)

    def _choose(self, index: int | None) -> None:
        if index is None or index >= len(self._shown):
            self.app.bell()
        elif self._shown[index].is_folder:
            self._open_folder(self._shown[index].path)
        else:
            self.dismiss(self._shown[index].path)

    def _open_folder(self, folder: Path) -> None:
        self._folder = folder.resolve()
        line = self.query_one(PathInput)
        if line.value:
            line.value = ""
        else:
            self._list("")
