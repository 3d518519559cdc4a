"""The start screen knows of a film that was begun."""

from pathlib import Path

import pytest

from streamstyle.easel.earlier import earlier_of
from streamstyle.easel.wish import wish_of
from streamstyle.frame import Place
from streamstyle.media.output import partial_path
from streamstyle.resume.checkpoint import Checkpoint, ResumePoint, checkpoint_path, write_checkpoint
from streamstyle.resume.signature import run_signature
from streamstyle.settings import SourceSettings
from streamstyle.stages.source import glance, probe
from tests.films import pan, write_film

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of which seven frames are painted in the wave, from its tenth frame on."""
    film = write_film(tmp_path / "film.mkv", pan(40, 64, 48).frames)
    wish = wish_of([str(film), "--style", "wave"])
    known = run_signature(probe(film, SourceSettings(start=0.4)), wish.mix, wish.settings)
    point = ResumePoint(7, (Place(6, 640, 0, plain=True),), ())
    write_checkpoint(checkpoint_path(wish.output), Checkpoint(point, "film.wave.partial.mkv", known, "", "cpu"))
    partial_path(wish.output).write_bytes(b"seven frames")
    return film


def found(film: Path, *more: str) -> tuple[int, str]:
    return earlier_of(glance(film), wish_of([str(film), "--style", "wave", *more]))


def test_what_will_be_gone_on_with_is_said(film: Path) -> None:
    assert found(film) == (7, "")
    assert found(film, "--restart") == (0, "")
    assert found(film, "-o", str(film.with_name("other.mkv"))) == (0, "")


def test_so_is_what_stands_in_the_way(film: Path) -> None:
    begun = "film.wave.partial.mkv was begun with no --preserve-colour and --crf 18"
    assert found(film, "--crf", "30", "--preserve-colour") == (0, begun)
