from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.tui.start.folder import (
    FILMS,
    DirEntry,
    ParsedInput,
    complete_name,
    parse_dropped,
    list_folder,
    filter_entries,
    parse_typed,
)

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
