"""Where the result cannot go is said before work starts, and what was painted survives a full disk and a kill."""

from __future__ import annotations

import errno
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streamstyle.errors import OutputError, SettingsError
from streamstyle.media.probe import probe
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.writer import open_writer
from tests.films import pan, write_film
from tests.video_io import packets, read_video, write_copy


@pytest.fixture(scope="module")
def film_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("sources") / "film.mp4", pan(10, 64, 48).frames, audio=True)


def refusal(source: Path, output: Path, **settings: object) -> OutputError | SettingsError:
    with (
        pytest.raises((OutputError, SettingsError)) as caught,
        open_writer(probe(source, SourceSettings()), output, EncoderSettings(**settings)),
    ):
        pass
    return caught.value


@pytest.mark.parametrize(
    ("name", "problem", "next_step"),
    [
        ("nowhere/painted.mkv", "folder .*nowhere does not exist", "Create it"),
        ("painted", "no ending", ".mkv"),
        ("painted.mkb", "no container", r"painted\.mkv"),
        ("painted.wbem", "no container", r"painted\.webm"),
        ("painted.mp5", "no container", r"painted\.mp4"),
        ("painted.png", "cannot hold libx264", r"\.mkv"),
        ("painted.srt", "cannot hold libx264", r"\.mkv"),
        ("painted.webm", "cannot hold libx264", "vp9"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_work_starts(
    film_path: Path, tmp_path: Path, name: str, problem: str, next_step: str
) -> None:
    error = refusal(film_path, tmp_path / name)
    assert_matches(error, problem, next_step)
    assert list(tmp_path.iterdir()) == []


def assert_matches(error: OutputError | SettingsError, problem: str, next_step: str) -> None:
    assert re.search(problem, error.problem), error.problem
    assert re.search(next_step, error.next_step), error.next_step
    assert "\n" not in str(error)


def test_a_folder_is_no_file(film_path: Path, tmp_path: Path) -> None:
    assert_matches(refusal(film_path, tmp_path), "is a folder", "file name")


def test_the_film_itself_is_never_overwritten(film_path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(film_path)
    assert_matches(refusal(film_path, link), "would overwrite the film", "another name")
    before = film_path.read_bytes()
    partial = film_path.with_name("x.partial.mp4")
    partial.write_bytes(before)
    assert_matches(refusal(partial, film_path.with_name("x.mp4")), "would overwrite the film", "another name")
    assert partial.read_bytes() == before


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that even root cannot write to")
def test_a_folder_that_cannot_be_written_to_is_refused(film_path: Path) -> None:
    assert_matches(refusal(film_path, Path("/sys/kernel/painted.mkv")), "/sys/kernel cannot be written to", "-o")


@pytest.mark.parametrize(
    ("settings", "problem", "next_step"),
    [
        ({"codec": "libx246"}, "libx246 is no video encoder", "libx264"),
        ({"codec": "zzz"}, "zzz is no video encoder", "libx264"),
        ({"codec": "aac"}, "aac encodes audio, not video", "libx264"),
        ({"preset": "quick"}, "quick is not known", "ultrafast, .*, placebo"),
        ({"codec": "libsvtav1", "preset": "quick"}, "quick is not known", "ultrafast"),
        ({"codec": "libsvtav1", "preset": "99"}, "preset 99", "libx264"),
    ],
)
def test_an_encoder_that_cannot_be_is_refused(
    film_path: Path, tmp_path: Path, settings: dict[str, object], problem: str, next_step: str
) -> None:
    assert_matches(refusal(film_path, tmp_path / "painted.mkv", **settings), problem, next_step)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_partial_film_survives_a_run_that_never_begins(film_path: Path, tmp_path: Path) -> None:
    write_copy(film_path, tmp_path / "painted.mkv", stop_after=5)
    refusal(film_path, tmp_path / "painted.mkv", codec="libx246")
    assert len(read_video(tmp_path / "painted.partial.mkv")[1]) == 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_in_one_line(film_path: Path, tmp_path: Path) -> None:
    (tmp_path / "painted.partial.mkv").symlink_to("/dev/full")
    with pytest.raises(OutputError) as caught:
        write_copy(film_path, tmp_path / "painted.mkv")
    assert_matches(caught.value, r"No room is left for painted\.partial\.mkv", "Free some space")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert not (tmp_path / "painted.mkv").exists()


def test_what_fitted_on_the_disk_can_be_watched(long_film: Path, tmp_path: Path) -> None:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, unlimited[1]))
    try:
        with pytest.raises(OutputError, match="No room is left"):
            write_copy(long_film, tmp_path / "painted.mkv", EncoderSettings())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert [path.name for path in tmp_path.iterdir()] == ["painted.partial.mkv"]
    _, frames = read_video(tmp_path / "painted.partial.mkv")
    assert len(frames) > 20


KILLED = """
import os, signal, sys
from pathlib import Path
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.writer import open_writer
from streamstyle.media.probe import probe
from streamstyle.stages.decode import decode
from streamstyle.ops.image import to_tensor
film = probe(Path(sys.argv[1]), SourceSettings())
with open_writer(film, Path(sys.argv[2]), EncoderSettings()) as sink:
    for frame in decode(film):
        if frame.index == 180:
            os.kill(os.getpid(), signal.SIGKILL)
        sink.write(to_tensor(frame.image), frame.pts)
"""


def test_a_run_that_is_killed_leaves_all_but_the_last_moments(long_film: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(long_film), str(tmp_path / "painted.mkv")]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -signal.SIGKILL
    film, frames = read_video(tmp_path / "painted.partial.mkv")
    assert len(frames) >= 180 - 60  # the encoder holds about a second, and a few frames for each core
    end = frames[-1].pts * film.time_base
    assert abs(packets(tmp_path / "painted.partial.mkv", "audio")[-1][0] - end) < 0.3
    assert not (tmp_path / "painted.mkv").exists()


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sources") / "long.mp4"
    return write_film(path, pan(200, 64, 64, step=(1, 0)).frames, audio=True)
