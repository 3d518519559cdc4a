"""What the start screen is told about an earlier run that can be resumed."""

from pathlib import Path

import pytest

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.frames import FramePosition
from streamstyle.media.output_names import partial_path
from streamstyle.media.probe import probe, probe_header
from streamstyle.preview_server.handlers import resume_status
from streamstyle.resume.checkpoint import Checkpoint, ResumePoint, write_checkpoint
from streamstyle.resume.packet_digest import Digest
from streamstyle.resume.signature import run_signature
from streamstyle.settings import SourceSettings
from tests.films import pan, write_film

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of which seven frames, from the tenth on, have been stylised with `wave`."""
    film = write_film(tmp_path / "film.mkv", pan(40, 64, 48).frames)
    arguments = parse_run_arguments([str(film), "--style", "wave"])
    signature = run_signature(probe(film, SourceSettings(start=0.4)), arguments.blend, arguments.settings)
    point = ResumePoint(7, (FramePosition(6, 640, 0, seekable=True),))
    digest = Digest("", "")
    output = arguments.find_output(None)
    write_checkpoint(output, Checkpoint(point, "film.wave.partial.mkv", signature, "", "cpu", digest))
    partial_path(output).write_bytes(b"seven frames")
    return film


def status(film: Path, *options: str) -> tuple[int, str]:
    arguments, video = parse_run_arguments([str(film), "--style", "wave", *options]), probe_header(film)
    return resume_status(video, arguments, arguments.find_output(video))


def test_frames_that_a_run_resumes_after_are_counted(film: Path) -> None:
    assert status(film) == (7, "")
    assert status(film, "--restart") == (0, "")
    assert status(film, "-o", str(film.with_name("other.mkv"))) == (0, "")


def test_a_changed_setting_that_prevents_resuming_is_named(film: Path) -> None:
    problem = "film.wave.partial.mkv was started with no --preserve-colour and --crf 18"
    assert status(film, "--crf", "30", "--preserve-colour") == (0, problem)
