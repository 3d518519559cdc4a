from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from streamstyle.cli.media_args import confirm_output, probe_range
from streamstyle.errors import OutputError, SettingsError
from streamstyle.settings import SourceSettings
from tests.films import pan, write_film


def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", pan(frames=2).frames)
    for output in (film, tmp_path, tmp_path / "missing" / "out.mkv", tmp_path / "no_suffix"):
        with pytest.raises(OutputError):
            confirm_output(output, [film], replace=True, can_ask=False)


def test_an_existing_output_is_replaced_only_on_request(tmp_path: Path) -> None:
    output = tmp_path / "style.safetensors"
    output.write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        confirm_output(output, [], is_film=False, replace=False, can_ask=False)
    confirm_output(output, [], is_film=False, replace=True, can_ask=False)
    assert output.read_text() == "precious"


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")
@pytest.mark.parametrize("answer", ["n", "y"])
def test_on_a_terminal_it_asks_before_it_replaces_a_file(tmp_path: Path, answer: str) -> None:
    output = tmp_path / "output.mkv"
    output.write_text("precious")
    terminal, program_end = os.openpty()
    program = "import sys; from pathlib import Path; from streamstyle.cli.media_args import confirm_output; "
    program += "confirm_output(Path(sys.argv[1]), [], replace=False, can_ask=True)"
    command = [sys.executable, "-c", program, output]
    with subprocess.Popen(command, stdin=program_end, stderr=program_end, stdout=program_end) as process:
        os.close(program_end)
        os.write(terminal, f"{answer}\n".encode())
        printed = b""
        with suppress(OSError):  # the end of the output, once the program has closed its terminal
            while piece := os.read(terminal, 4096):
                printed += piece
    os.close(terminal)
    assert b"exists already. Replace it? [y/N]" in printed
    assert process.returncode == (1 if answer == "n" else 0)
    assert (b"OutputError" in printed) is (answer == "n")
    assert output.read_text() == "precious"


@pytest.mark.parametrize(("sample", "frames"), [(0.4, 10), (1.0, 25), (60.0, 25)])
def test_a_sample_is_cut_from_the_middle(tmp_path: Path, sample: float, frames: int) -> None:
    film = write_film(tmp_path / "film.mp4", pan(frames=25).frames)
    video, settings = probe_range(film, SourceSettings(), sample, None)
    assert video.frames == frames
    if frames < 25:
        assert settings.start == pytest.approx(0.3)
        assert settings.end == pytest.approx(0.7)


def test_a_sample_and_a_range_cannot_be_given_together(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--sample and --range"):
        probe_range(tmp_path / "film.mp4", SourceSettings(), 1.0, (0.0, 1.0))
