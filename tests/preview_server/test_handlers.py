"""The start screen knows of a run that can be resumed."""

from pathlib import Path

import pytest

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.frames import FramePosition
from streamstyle.media.output_file import partial_path
from streamstyle.media.probe import probe, probe_header
from streamstyle.preview_server.handlers import resume_status
from streamstyle.resume.checkpoint import Checkpoint, ResumePoint, checkpoint_path, write_checkpoint
from streamstyle.resume.signature import run_signature
from streamstyle.settings import SourceSettings
from tests.films import pan, write_film

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of which seven frames are painted in the wave, from its tenth frame on."""
    film = write_film(tmp_path / "film.mkv", pan(40, 64, 48).frames)
    wanted = parse_run_arguments([str(film), "--style", "wave"])
    known = run_signature(probe(film, SourceSettings(start=0.4)), wanted.blend, wanted.settings)
    point = ResumePoint(7, (FramePosition(6, 640, 0, seekable=True),), ())
    write_checkpoint(checkpoint_path(wanted.output), Checkpoint(point, "film.wave.partial.mkv", known, "", "cpu"))
    partial_path(wanted.output).write_bytes(b"seven frames")
    return film


def found(film: Path, *more: str) -> tuple[int, str]:
    return resume_status(probe_header(film), parse_run_arguments([str(film), "--style", "wave", *more]))


def test_frames_that_a_run_resumes_after_are_counted(film: Path) -> None:
    assert found(film) == (7, "")
    assert found(film, "--restart") == (0, "")
    assert found(film, "-o", str(film.with_name("other.mkv"))) == (0, "")


def test_a_changed_setting_that_prevents_resuming_is_named(film: Path) -> None:
    begun = "film.wave.partial.mkv was started with no --preserve-colour and --crf 18"
    assert found(film, "--crf", "30", "--preserve-colour") == (0, begun)
