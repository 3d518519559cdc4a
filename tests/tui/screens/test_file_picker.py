from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from streamstyle.files import VIDEO_SUFFIXES
from streamstyle.tui.screens.file_picker import (
    DirEntry,
    FilePicker,
    ParsedInput,
    PathInput,
    complete_name,
    filter_entries,
    list_folder,
    parse_dropped,
    parse_typed,
)
from tests.tui.pilot import Steps, run_app, screen_text, wait_for_text, wait_until
from tests.tui.setup.setup_harness import STYLE_SHEET

HERE = Path("/films")


@pytest.mark.parametrize(
    ("text", "folder", "filter"),
    [
        ("", HERE, ""), ("bun", HERE, "bun"), ("old/bun", HERE / "old", "bun"), ("/media/", Path("/media"), ""),
        ("/me", Path("/"), "me"), ("~", Path("~"), ""), ("~/Vid", Path("~"), "Vid"), ("~/a/b", Path("~/a"), "b"),
        ("~nobody-here/b", HERE / "~nobody-here", "b"),
    ],
)  # fmt: skip
def test_word_filters_and_path_changes_the_folder(text: str, folder: Path, filter: str) -> None:
    assert parse_typed(text, HERE) == ParsedInput(folder.expanduser(), filter)


@pytest.mark.parametrize(
    "pasted",
    [
        "/films/My film.mp4", "'/films/My film.mp4'", '"/films/My film.mp4"', "/films/My\\ film.mp4\n",
        "file:///films/My%20film.mp4\r\n", "'/films/My film.mp4' '/films/other.mp4'",
    ],
)  # fmt: skip
def test_dropped_file_is_parsed_to_its_path(pasted: str) -> None:
    assert parse_dropped(pasted) == "/films/My film.mp4"


def test_unbalanced_quote_and_empty_text_are_parsed() -> None:
    assert parse_dropped("'/films/it") == "/films/it"
    assert parse_dropped("  \n") == ""


def test_folders_are_listed_before_videos(tmp_path: Path) -> None:
    for name in ("b.MKV", "a.mp4", "notes.txt", ".hidden.mp4"):
        (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "zoo").mkdir()
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    found = list_folder(tmp_path, VIDEO_SUFFIXES)
    assert [entry.path.name for entry in found] == ["zoo", "a.mp4", "b.MKV", "gone.mp4"]
    assert (found[0].is_folder, found[1].bytes, found[3].bytes) == (True, 5, 0)


def test_prefixes_sort_first_and_complete_to_the_common_part() -> None:
    entries = [DirEntry(HERE / name, False) for name in ("a bunny.mp4", "bunny-1.mp4", "bunny-2.mp4")]
    assert [entry.path.name for entry in filter_entries(entries, "bun")] == [
        "bunny-1.mp4",
        "bunny-2.mp4",
        "a bunny.mp4",
    ]
    assert complete_name(entries, "b") == "bunny-"
    assert complete_name(entries, "bunny-1") == "bunny-1.mp4"
    assert complete_name(entries, "x") == "x"


class PickerApp(App[int]):
    """An app with nothing but the file picker."""

    CSS_PATH = STYLE_SHEET

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.chosen: list[Path | None] = []

    def on_mount(self) -> None:
        self.push_screen(FilePicker("a film", VIDEO_SUFFIXES, self.folder), self.chosen.append)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    (folder / "holidays").mkdir(parents=True)
    for name in ("bunny.mp4", "boat.mkv", "notes.txt", "holidays/sea.mp4"):
        (folder / name).write_bytes(bytes(2000))
    (tmp_path / "empty").mkdir()
    return folder


def choose(folder: Path, steps: Steps, size: tuple[int, int] = (80, 24)) -> list[Path | None]:
    app = PickerApp(folder)
    run_app(app, steps, size)
    return app.chosen


def test_first_video_is_highlighted(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "bunny.mp4  2.0 kB")
        shown = screen_text(pilot)
        assert "holidays/" in shown
        assert "notes.txt" not in shown
        await pilot.press("enter")

    assert choose(films, steps) == [films / "boat.mkv"]


def test_name_with_a_newline_takes_one_row(films: Path) -> None:
    (odd := films / "a\n[b].mkv").write_bytes(bytes(2000))

    async def steps(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "a�[b].mkv  2.0 kB")
        await pilot.press("enter")

    assert choose(films, steps) == [odd]


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
def test_escape_chooses_nothing(films: Path, key: str) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press("b", key)

    assert choose(films, steps) == [None]


def test_typing_filters(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press(*"nny")
        await wait_until(pilot, lambda: "boat.mkv" not in screen_text(pilot))
        await pilot.press("enter")

    assert choose(films, steps) == [films / "bunny.mp4"]


def test_folders_are_entered_and_left(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press("up", "enter")
        await wait_for_text(pilot, "sea.mp4")
        await pilot.press("ctrl+up")
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press("down", "enter")

    assert choose(films, steps) == [films / "bunny.mp4"]


def test_tab_completes_a_path(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press(*"films/hol", "tab")
        await wait_for_text(pilot, "sea.mp4")
        await pilot.press("tab", "enter")

    assert choose(films.parent, steps) == [films / "holidays" / "sea.mp4"]


def test_dropped_file_may_have_any_suffix(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        pilot.app.post_message(events.Paste(f"'{films / 'notes.txt'}'"))
        await wait_until(pilot, lambda: pilot.app.screen.query_one(PathInput).value.endswith("notes.txt"))
        await pilot.press("enter")

    assert choose(films, steps) == [films / "notes.txt"]


def test_click_chooses(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.click("#picker-list", offset=(3, 2))

    assert choose(films, steps) == [films / "bunny.mp4"]


def test_folder_without_videos_says_so(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "no film in")
        await pilot.press("enter")
        await pilot.press("escape")

    assert choose(films.parent / "empty", steps) == [None]


def test_missing_folder_says_so(films: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press(*"nowhere/")
        await wait_for_text(pilot, "No such file")

    assert choose(films, steps) == []
