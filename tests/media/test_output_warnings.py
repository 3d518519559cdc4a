"""What a run says before it starts: which tags are lost, and that the film is interlaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.media.output_warnings import output_warnings
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from tests.films import Extras, pan, write_film

PICTURES = pan(frames=3, width=64, height=48).frames


def warnings(source: Path, output: str) -> list[str]:
    return list(output_warnings(probe(source, SourceSettings()), Path(output), SourceSettings()))


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    extras = Extras(metadata={"title": "A day", "ARCHIVE_NUMBER": "17"})
    return write_film(tmp_path_factory.mktemp("sources") / "film.mkv", PICTURES, extras=extras)


@pytest.mark.parametrize(
    ("output", "lost"),
    [
        ("output.mkv", None),
        ("output.webm", None),
        ("output.mp4", "tags are left out: .mp4 cannot hold ARCHIVE_NUMBER"),
        ("output.mov", "tags are left out: .mov cannot hold ARCHIVE_NUMBER"),
        ("output.avi", "tags are left out: .avi cannot hold ARCHIVE_NUMBER"),
        ("output.ts", "tags are left out: .ts cannot hold title, ARCHIVE_NUMBER"),
    ],
)
def test_tags_that_the_container_does_not_give_back_are_named(tagged: Path, output: str, lost: str | None) -> None:
    assert warnings(tagged, output) == ([lost] if lost else [])


def test_many_lost_tags_are_counted(tmp_path: Path) -> None:
    extras = Extras(metadata={f"OWN_{number}": "x" for number in range(9)})
    film = write_film(tmp_path / "film.mkv", PICTURES, extras=extras)
    (warning,) = warnings(film, "output.mp4")
    assert warning.count("OWN_") == 5
    assert warning.endswith(" and 4 more")


def test_an_interlaced_film_is_warned_of(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", PICTURES, options={"x264-params": "interlaced=1"})
    assert warnings(film, "output.mkv") == ["the film is interlaced, and is deinterlaced; --deinterlace off keeps it"]


@pytest.mark.parametrize(
    ("size", "settings", "said"),
    [
        (
            (63, 47),
            SourceSettings(),
            "63x47 becomes 62x46, since sides have to be even: the last column and line of each",
        ),
        ((64, 47), SourceSettings(), "64x47 becomes 64x46, since sides have to be even: the last line of each"),
        ((63, 47), SourceSettings(height=32), None),
        ((63, 47), SourceSettings(height=47), "--height 47 becomes 62x46, since sides have to be even"),
        ((64, 48), SourceSettings(height=35), "--height 35 becomes 46x34, since sides have to be even"),
        ((64, 48), SourceSettings(size=(40, 33)), "--size 40x33 becomes 40x32, since sides have to be even"),
        ((64, 48), SourceSettings(max_height=35), "--max-height 35 becomes 46x34, since sides have to be even"),
        ((64, 48), SourceSettings(max_height=49), None),
        ((64, 48), SourceSettings(), None),
    ],
)
def test_odd_sides_are_said_to_become_even(
    tmp_path: Path, size: tuple[int, int], settings: SourceSettings, said: str | None
) -> None:
    pictures = pan(frames=2, width=64, height=48).frames[:, : size[1], : size[0]]
    film = write_film(tmp_path / "film.mkv", pictures, codec="ffv1", pix_fmt="bgr0")
    warned = list(output_warnings(probe(film, settings), Path("output.mkv"), settings))
    assert [warning.startswith(said or "nothing") for warning in warned] == [True] * bool(said)
