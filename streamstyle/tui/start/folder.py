"""What there is in a folder to choose from, and what is meant by a path as it is typed, pasted or dropped."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

FILMS = frozenset({
    ".mkv", ".mp4", ".mov", ".m4v", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".ogv", ".flv",
    ".wmv", ".3gp", ".mxf", ".nut", ".y4m", ".gif",
})  # fmt: skip
"""Endings of films that are listed; a path to any other can be typed."""

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".jp2", ".safetensors"})
"""Endings of images that are listed, and of styles kept in a file."""


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
