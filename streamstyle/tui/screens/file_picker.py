"""What there is in a folder to choose from, and what is meant by a path as it is typed, pasted or dropped."""

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

from streamstyle.files import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from streamstyle.formatting import format_bytes, sanitise

FILMS = VIDEO_SUFFIXES
"""Suffixes of the videos that are listed; a path to any other can be typed."""

IMAGES = (*IMAGE_SUFFIXES, ".safetensors")
"""Suffixes of images that are listed, and of style files."""


@dataclass(frozen=True, slots=True)
class DirEntry:
    """A file, or a folder."""

    path: Path
    is_folder: bool
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class ParsedInput:
    """What is meant by what was typed."""

    folder: Path
    """Whose entries are listed."""
    name_filter: str
    """What their names contain."""


def parse_typed(text: str, folder: Path) -> ParsedInput:
    """Return what is meant while `folder` is shown: a path goes there, a word filters."""
    text = text.strip()
    head, slash, tail = text.rpartition("/")
    if not slash:
        return ParsedInput(Path.home(), "") if text == "~" else ParsedInput(folder, text)
    return ParsedInput(folder / Path((head or "/") if head != "~" else "~/").expanduser(), tail)


def parse_dropped(text: str) -> str:
    """Return the path in what a terminal pastes when a file is dropped on it: quotes, escapes and file:// removed."""
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
    """Return a path as people write it: from here, where it is below."""
    path, here = path.expanduser(), Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def list_folder(folder: Path, endings: Collection[str]) -> list[DirEntry]:
    """Return the folders in a folder, then its files with one of the endings, by name; what is hidden is left out.

    Raises OSError where it cannot be read.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = Path(entry.path)
            if _is_folder(entry):
                found.append(DirEntry(path, True))
            elif path.suffix.lower() in endings:
                found.append(DirEntry(path, False, _file_size(entry)))
    return sorted(found, key=lambda entry: (not entry.is_folder, entry.path.name.lower()))


def filter_entries(entries: Collection[DirEntry], filter: str) -> list[DirEntry]:
    """Return the entries whose names contain the filter, those that begin with it first."""
    wanted = filter.lower()
    found = [entry for entry in entries if wanted in entry.path.name.lower()]
    return sorted(found, key=lambda entry: not entry.path.name.lower().startswith(wanted))


def complete_name(entries: Collection[DirEntry], filter: str) -> str:
    """Return the beginning that the names of all entries beginning with the filter have in common."""
    names = [entry.path.name for entry in entries if entry.path.name.lower().startswith(filter.lower())]
    common = filter
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
    """A line for a path; what is dropped on the terminal arrives as text that is pasted."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.value = parse_dropped(event.text)
        self.cursor_position = len(self.value)


class FilePicker(ModalScreen[Path | None]):
    """Ends with the file that was chosen, or with none."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape", "dismiss", "back"),
        Binding("ctrl+c", "dismiss", show=False, priority=True),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "move(-10)", "up", show=False),
        Binding("pagedown", "move(10)", "down", show=False),
        Binding("tab", "complete", "complete", priority=True),
        Binding("ctrl+up", "parent", "folder above", priority=True),
    ]

    def __init__(self, what: str, endings: Collection[str], folder: Path) -> None:
        """`what` is to be chosen, such as `film`; files with one of the endings are listed."""
        super().__init__()
        self._what, self._endings, self._folder = what, endings, folder
        self._shown: list[DirEntry] = []
        self._listed: tuple[Path, list[DirEntry]] = folder, []

    def compose(self) -> ComposeResult:
        """Lay the picker out."""
        with Vertical(id="picker"):
            yield Static(f"Choose {self._what}", classes="heading")
            yield PathInput(placeholder="type to filter, or a path", compact=True)
            yield Static(id="picker-folder", markup=False)
            yield OptionList(id="picker-list", compact=True)
            yield Static("enter choose · tab complete · ctrl+↑ folder above · esc back", classes="keys")

    def on_mount(self) -> None:
        """List the folder that was left last."""
        self.query_one(OptionList).can_focus = False  # the line keeps the focus: what is typed always filters
        self.query_one(PathInput).focus()
        self._list("")

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._list(event.value)

    @work(exclusive=True)
    async def _list(self, text: str) -> None:
        meant = parse_typed(text, self._folder)
        folder = meant.folder
        if folder != self._listed[0] or not self._listed[1]:
            try:
                self._listed = folder, await asyncio.to_thread(list_folder, folder, self._endings)
            except OSError as error:
                self._listed = folder, []
                self._show_entries([], f"{error.strerror}: {folder}")
                return
        found = filter_entries(self._listed[1], meant.name_filter)
        none = "" if any(not entry.is_folder for entry in found) else f"no {self._what.partition(' ')[2]} in "
        self._show_entries(found, f"{none}{folder}")

    def _show_entries(self, entries: list[DirEntry], heading: str) -> None:
        self._shown = entries
        self.query_one("#picker-folder", Static).update(heading)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._entry_text(entry)) for entry in entries])
        first = next((at for at, entry in enumerate(entries) if not entry.is_folder), 0)
        options.highlighted = first if entries else None

    def _entry_text(self, entry: DirEntry) -> Text:
        if entry.is_folder:
            return Text(f"{sanitise(entry.path.name)}/", style="dim", no_wrap=True, overflow="ellipsis")
        size = format_bytes(entry.bytes)
        return Text.assemble(f"{sanitise(entry.path.name)}  ", (size, "dim"), no_wrap=True, overflow="ellipsis")

    def action_move(self, by: int) -> None:
        """Walk through the list."""
        options = self.query_one(OptionList)
        if options.option_count:
            at = (options.highlighted or 0) + by
            options.highlighted = (
                at % options.option_count if abs(by) == 1 else max(0, min(at, options.option_count - 1))
            )

    def action_complete(self) -> None:
        """Type what all names that begin so have in common."""
        line = self.query_one(PathInput)
        meant = parse_typed(line.value, self._folder)
        head = line.value[: len(line.value) - len(meant.name_filter)]
        name = complete_name(self._listed[1], meant.name_filter)
        only = filter_entries(self._shown, name)
        line.value = head + name + ("/" if len(only) == 1 and only[0].is_folder and only[0].path.name == name else "")
        line.cursor_position = len(line.value)

    def action_parent(self) -> None:
        """List the folder above."""
        self._open_folder(parse_typed(self.query_one(PathInput).value, self._folder).folder.parent)

    @on(Input.Submitted)
    def _submit(self) -> None:
        text = self.query_one(PathInput).value.strip()
        path = (self._folder / Path(text).expanduser()) if text else None
        if path is not None and path.is_file():
            self.dismiss(path)
        elif path is not None and "/" in text and path.is_dir():
            self._open_folder(path)
        else:
            highlighted = self.query_one(OptionList).highlighted
            self._choose(highlighted)

    @on(OptionList.OptionSelected)
    def _choose_clicked(self, event: OptionList.OptionSelected) -> None:
        self._choose(event.option_index)

    def _choose(self, at: int | None) -> None:
        if at is None or at >= len(self._shown):
            self.app.bell()
        elif self._shown[at].is_folder:
            self._open_folder(self._shown[at].path)
        else:
            self.dismiss(self._shown[at].path)

    def _open_folder(self, folder: Path) -> None:
        self._folder = folder.resolve()
        line = self.query_one(PathInput)
        if line.value:
            line.value = ""
        else:
            self._list("")
