from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from streamstyle.tui.screens.file_picker import (
    FILMS,
    DirEntry,
    FilePicker,
    ParsedInput,
    complete_name,
    filter_entries,
    list_folder,
    parse_dropped,
    parse_typed,
)
from tests.tui.pilot import screen_text, wait_for_text
from tests.tui.setup.setup_harness import STYLE_SHEET, Act, perform

HERE = Path("/films")


@pytest.mark.parametrize(
    ("text", "folder", "filter"),
    [
        ("", HERE, ""), ("bun", HERE, "bun"), ("old/bun", HERE / "old", "bun"), ("/media/", Path("/media"), ""),
        ("/me", Path("/"), "me"), ("~", Path("~"), ""), ("~/Vid", Path("~"), "Vid"), ("~/a/b", Path("~/a"), "b"),
    ],
)  # fmt: skip
def test_a_word_filters_and_a_path_goes_there(text: str, folder: Path, filter: str) -> None:
    assert parse_typed(text, HERE) == ParsedInput(folder.expanduser(), filter)


@pytest.mark.parametrize(
    "pasted",
    [
        "/films/My film.mp4", "'/films/My film.mp4'", '"/films/My film.mp4"', "/films/My\\ film.mp4\n",
        "file:///films/My%20film.mp4\r\n", "'/films/My film.mp4' '/films/other.mp4'",
    ],
)  # fmt: skip
def test_what_a_terminal_pastes_for_a_dropped_file_is_its_path(pasted: str) -> None:
    assert parse_dropped(pasted) == "/films/My film.mp4"


def test_an_odd_quote_and_nothing_at_all_do_no_harm() -> None:
    assert parse_dropped("'/films/it") == "/films/it"
    assert parse_dropped("  \n") == ""


def test_a_folder_is_listed_with_folders_first_and_films_alone(tmp_path: Path) -> None:
    for name in ("b.MKV", "a.mp4", "notes.txt", ".hidden.mp4"):
        (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "zoo").mkdir()
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    found = list_folder(tmp_path, FILMS)
    assert [entry.path.name for entry in found] == ["zoo", "a.mp4", "b.MKV", "gone.mp4"]
    assert (found[0].is_folder, found[1].bytes, found[3].bytes) == (True, 5, 0)


def test_filtering_prefers_beginnings_and_completing_goes_as_far_as_all_agree() -> None:
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
    """Nothing but the question for a film."""

    CSS_PATH = STYLE_SHEET

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.chosen: list[Path | None] = []

    def on_mount(self) -> None:
        self.push_screen(FilePicker("a film", FILMS, self.folder), self.chosen.append)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    (folder / "holidays").mkdir(parents=True)
    for name in ("bunny.mp4", "boat.mkv", "notes.txt", "holidays/sea.mp4"):
        (folder / name).write_bytes(bytes(2000))
    (tmp_path / "empty").mkdir()
    return folder


def choose(folder: Path, act: Act, size: tuple[int, int] = (80, 24)) -> list[Path | None]:
    hall = PickerApp(folder)
    perform(hall, act, size)
    return hall.chosen


def test_the_films_of_the_folder_are_listed_and_the_first_is_chosen(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "bunny.mp4  2.0 kB")
        shown = screen_text(pilot)
        assert "holidays/" in shown
        assert "notes.txt" not in shown
        await pilot.press("enter")

    assert choose(films, act) == [films / "boat.mkv"]


def test_a_film_with_an_end_of_line_in_its_name_takes_one_line_and_is_chosen(films: Path) -> None:
    (odd := films / "a\n[b].mkv").write_bytes(bytes(2000))

    async def act(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "a�[b].mkv  2.0 kB")
        await pilot.press("enter")

    assert choose(films, act) == [odd]


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
def test_who_goes_back_has_chosen_nothing(films: Path, key: str) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press("b", key)

    assert choose(films, act) == [None]


def test_typing_filters(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press(*"nny")
        await pilot.pause(0.2)
        assert "boat.mkv" not in screen_text(pilot)
        await pilot.press("enter")

    assert choose(films, act) == [films / "bunny.mp4"]


def test_folders_are_gone_into_and_out_of(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press("up", "enter")
        await wait_for_text(pilot, "sea.mp4")
        await pilot.press("ctrl+up")
        await wait_for_text(pilot, "boat.mkv")
        await pilot.press("down", "enter")

    assert choose(films, act) == [films / "bunny.mp4"]


def test_a_path_is_completed(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press(*f"{films}/hol", "tab")
        await wait_for_text(pilot, "sea.mp4")
        await pilot.press("tab", "enter")

    assert choose(films.parent / "empty", act) == [films / "holidays" / "sea.mp4"]


def test_a_film_dropped_here_is_taken_whatever_it_ends_in(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        pilot.app.post_message(events.Paste(f"'{films / 'notes.txt'}'"))
        await pilot.pause(0.2)
        await pilot.press("enter")

    assert choose(films, act) == [films / "notes.txt"]


def test_a_click_chooses(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "boat.mkv")
        await pilot.click("#picker-list", offset=(3, 2))

    assert choose(films, act) == [films / "bunny.mp4"]


def test_a_folder_without_films_says_so_and_cannot_be_chosen_from(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await wait_for_text(pilot, "no film in")
        await pilot.press("enter")
        await pilot.press("escape")

    assert choose(films.parent / "empty", act) == [None]


def test_a_folder_that_is_not_there_says_so(films: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press(*"nowhere/")
        await wait_for_text(pilot, "No such file")

    assert choose(films, act) == []
