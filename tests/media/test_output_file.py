"""An output that cannot be written is refused before work starts; finished frames survive a full disk and a kill."""

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
from streamstyle.outputs import open_writer
from streamstyle.settings import EncoderSettings, SourceSettings
from tests.films import pan, write_film
from tests.video_io import packets, read_video, write_copy


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
        ("nowhere/output.mkv", "folder .*nowhere does not exist", "Create it"),
        ("output", "no extension", ".mkv"),
        ("output.mkb", "no container", r"output\.mkv"),
        ("output.wbem", "no container", r"output\.webm"),
        ("output.mp5", "no container", r"output\.mp4"),
        ("output.png", "would not be one file", r"output\.mkv"),
        ("output.m3u8", "would not be one file", r"output\.mkv"),
        ("output.xyz", "no container", r"output\.mkv"),
        ("output.srt", "cannot hold libx264", r"\.mkv"),
        ("output.webm", "cannot hold libx264", "vp9"),
        ("output.ogv", "cannot hold libx264", "vp8"),
    ],
)
def test_an_invalid_output_is_refused_before_work_starts(
    video: Path, tmp_path: Path, name: str, problem: str, next_step: str
) -> None:
    error = refusal(video, tmp_path / name)
    assert_matches(error, problem, next_step)
    assert list(tmp_path.iterdir()) == []


def assert_matches(error: OutputError | SettingsError, problem: str, next_step: str) -> None:
    assert re.search(problem, error.problem), error.problem
    assert re.search(next_step, error.next_step), error.next_step
    assert "\n" not in str(error)


def test_a_folder_as_output_is_refused(video: Path, tmp_path: Path) -> None:
    assert_matches(refusal(video, tmp_path), "is a folder", "file name")


def test_the_source_is_never_overwritten(video: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(video)
    assert_matches(refusal(video, link), "would overwrite", "another name")
    before = video.read_bytes()
    partial = video.with_name("x.partial.mp4")
    partial.write_bytes(before)
    assert_matches(refusal(partial, video.with_name("x.mp4")), "would overwrite", "another name")
    assert partial.read_bytes() == before


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that even root cannot write to")
def test_a_read_only_folder_is_refused(video: Path) -> None:
    assert_matches(refusal(video, Path("/sys/kernel/output.mkv")), "/sys/kernel cannot be written to", "-o")


@pytest.mark.parametrize(
    ("settings", "problem", "next_step"),
    [
        ({"codec": "libx246"}, "libx246 is not a video encoder", "libx264"),
        ({"codec": "zzz"}, "zzz is not a video encoder", "libx264"),
        ({"codec": "aac"}, "aac encodes audio, not video", "libx264"),
        ({"preset": "quick"}, "quick is not known", "ultrafast, .*, placebo"),
        ({"codec": "libsvtav1", "preset": "quick"}, "quick is not known", "ultrafast"),
        ({"codec": "libsvtav1", "preset": "99"}, "preset 99", "libx264"),
    ],
)
def test_invalid_encoder_settings_are_refused(
    video: Path, tmp_path: Path, settings: dict[str, object], problem: str, next_step: str
) -> None:
    assert_matches(refusal(video, tmp_path / "output.mkv", **settings), problem, next_step)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_partial_output_survives_a_refused_run(video: Path, tmp_path: Path) -> None:
    write_copy(video, tmp_path / "output.mkv", stop_after=5)
    refusal(video, tmp_path / "output.mkv", codec="libx246")
    assert len(read_video(tmp_path / "output.partial.mkv")[1]) == 5


def test_a_full_disk_is_reported_in_one_line(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("streamstyle.media.output_file.os.write", disk_full)
    with pytest.raises(OutputError) as caught:
        write_copy(video, tmp_path / "output.mkv")
    assert_matches(caught.value, r"No space is left for output\.partial\.mkv", "Free some space")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_the_part_that_fitted_on_the_disk_is_playable(long_video: Path, tmp_path: Path) -> None:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, unlimited[1]))
    try:
        with pytest.raises(OutputError, match="No space is left"):
            write_copy(long_video, tmp_path / "output.mkv", EncoderSettings())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert (tmp_path / "output.partial.mkv").is_file()
    assert not (tmp_path / "output.mkv").exists()
    _, frames = read_video(tmp_path / "output.partial.mkv")
    assert len(frames) > 20


WRITE_UNTIL_KILLED = """
import os, signal, sys
from pathlib import Path
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.outputs import open_writer
from streamstyle.media.probe import probe
from streamstyle.stages.decode import decode
from streamstyle.ops.image import to_tensor
video = probe(Path(sys.argv[1]), SourceSettings())
with open_writer(video, Path(sys.argv[2]), EncoderSettings()) as writer:
    for frame in decode(video):
        if frame.index == 180:
            os.kill(os.getpid(), signal.SIGKILL)
        writer.write(to_tensor(frame.image), frame.pts)
"""


def test_a_killed_run_leaves_all_but_the_last_seconds(long_video: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE_UNTIL_KILLED, str(long_video), str(tmp_path / "output.mkv")]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -signal.SIGKILL
    written, frames = read_video(tmp_path / "output.partial.mkv")
    assert len(frames) >= 180 - 60  # the encoder holds about a second, and a few frames for each core
    end = frames[-1].pts * written.time_base
    assert abs(packets(tmp_path / "output.partial.mkv", "audio")[-1][0] - end) < 0.3
    assert not (tmp_path / "output.mkv").exists()


KILLED_WHILE_PUBLISHED = """
import os, signal, sys
from pathlib import Path
from streamstyle.media.output_file import PartialFile
from tests.video_io import write_copy
PartialFile.publish = lambda self, output: os.kill(os.getpid(), signal.SIGKILL)
write_copy(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_film_whose_run_was_killed_while_it_was_published_is_replaced(
    video: Path, tmp_path: Path, suffix: str
) -> None:
    """The header has been rewritten by then; the file is still known to be ours."""
    output = tmp_path / f"output.{suffix}"
    command = [sys.executable, "-c", KILLED_WHILE_PUBLISHED, str(video), str(output)]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -signal.SIGKILL
    assert (tmp_path / f"output.partial.{suffix}").is_file()
    write_copy(video, output)
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


@pytest.fixture(scope="module")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sources") / "long.mp4"
    return write_film(path, pan(200, 64, 64, step=(1, 0)).frames, audio=True)
