"""A film known by its content."""

from pathlib import Path

import numpy as np
import pytest

from streamstyle.media.fingerprint import fingerprint


def test_a_copy_under_another_name_is_the_same_film(tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes(300_000)
    (tmp_path / "one.mp4").write_bytes(content)
    (tmp_path / "two.mkv").write_bytes(content)
    assert fingerprint(tmp_path / "one.mp4") == fingerprint(tmp_path / "two.mkv")
    assert len(fingerprint(tmp_path / "one.mp4")) == 32


@pytest.mark.parametrize("place", [0, 70_000, 299_999])
def test_a_single_byte_anywhere_in_a_small_file_makes_another_film(tmp_path: Path, place: int) -> None:
    content = bytearray(np.random.default_rng(0).bytes(300_000))
    film = tmp_path / "film.mp4"
    film.write_bytes(content)
    before = fingerprint(film)
    content[place] ^= 1
    film.write_bytes(content)
    assert fingerprint(film) != before


def test_a_large_film_is_known_by_its_size_and_both_ends(tmp_path: Path) -> None:
    films = [tmp_path / name for name in ("first", "start", "end", "longer")]
    for film in films:
        with film.open("wb") as file:
            file.truncate(20_000_000_001 if film.name == "longer" else 20_000_000_000)  # sparse: takes no disk
            if film.name in ("start", "end"):
                file.seek(0 if film.name == "start" else 19_999_999_999)
                file.write(b"x")
    assert len({fingerprint(film) for film in films}) == 4


def test_an_empty_file_has_a_fingerprint_too_and_a_missing_one_has_none(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert len(fingerprint(tmp_path / "empty")) == 32
    with pytest.raises(FileNotFoundError):
        fingerprint(tmp_path / "missing")
