from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from streamstyle.tui.start.folder import FILMS
from streamstyle.tui.start.picker import FilePicker
from tests.tui.acting import wait_for_text, screen_text
from tests.tui.start.desk import STYLE_SHEET, Act, perform


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
