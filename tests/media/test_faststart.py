"""An MP4 with its index in front: nothing else of it changes, and nothing is lost where that fails."""

from __future__ import annotations

import errno
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import streamstyle.media.faststart
from streamstyle.cli.main import exit_code
from streamstyle.errors import OutputError
from streamstyle.media.output_file import PartialFile
from streamstyle.media.output_names import faststart_path, partial_path
from streamstyle.outputs import open_writer
from streamstyle.settings import EncoderSettings
from streamstyle.stages.writer import VideoWriter
from tests.films import pan, write_film
from tests.video_io import packets, read_video


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("sources") / "film.mp4", pan(30, 64, 48).frames, audio=True)


def write(source: Path, output: Path, *, faststart: bool) -> VideoWriter:
    """Write the frames of a film."""
    video, frames = read_video(source)
    with open_writer(video, output, EncoderSettings(preset="ultrafast", faststart=faststart)) as writer:
        for frame in frames:
            writer.write(torch.from_numpy(frame.image).permute(2, 0, 1) / 255, frame.pts)
        writer.publish()
    return writer


def boxes(path: Path) -> list[str]:
    """The outermost boxes of a file."""
    content, start, kinds = path.read_bytes(), 0, []
    while start < len(content):
        length, kind = struct.unpack_from(">I4s", content, start)
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, start + 8)
        kinds.append(kind.decode())
        start += length
    return kinds


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v"])
@pytest.mark.parametrize("limit", [1 << 32, 1 << 12])
def test_the_index_comes_first_and_all_packets_are_the_same(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, limit: int
) -> None:
    """Also where offsets no longer fit into 32 bits, which a limit of 4 kB stands for."""
    monkeypatch.setattr(streamstyle.media.faststart, "_LIMIT", limit)
    plain, web = tmp_path / f"plain{suffix}", tmp_path / f"web{suffix}"
    write(source, plain, faststart=False)
    writer = write(source, web, faststart=True)
    assert [kind for kind in boxes(plain) if kind in ("moov", "mdat")][-2:] == ["mdat", "moov"]
    assert [kind for kind in boxes(web) if kind in ("moov", "mdat")] == ["moov", "mdat"]
    for kind in ("video", "audio"):
        assert packets(web, kind) == packets(plain, kind)
    assert np.array_equal(*([frame.image for frame in read_video(path)[1]] for path in (web, plain)))
    assert sorted(tmp_path.iterdir()) == [plain, web]
    assert list(writer.warnings(stopped=False)) == []


def test_without_space_for_the_copy_the_film_is_published_as_it_is(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_disk(path: Path, target: PartialFile) -> bool:
        target.write(b"some of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(streamstyle.media.faststart, "write_with_index_in_front", fill_disk)
    output = tmp_path / "web.mp4"
    (warning,) = write(source, output, faststart=True).warnings(stopped=False)
    assert "No space left on device" in warning
    assert len(read_video(output)[1]) == 30
    assert list(tmp_path.iterdir()) == [output]


def test_where_the_copy_cannot_be_created_the_film_is_published_as_it_is(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> PartialFile:
        raise OutputError(f"No space is left for {path.name}", "Free some space.")

    monkeypatch.setattr(streamstyle.media.faststart, "PartialFile", refuse)
    output = tmp_path / "web.mp4"
    (warning,) = write(source, output, faststart=True).warnings(stopped=False)
    assert "(No space is left for web.partial.faststart.mp4)" in warning
    assert len(read_video(output)[1]) == 30
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("late", [False, True])
def test_a_run_that_is_interrupted_meanwhile_loses_no_frame(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """While the copy is written, and when it is whole."""

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    if late:
        monkeypatch.setattr(PartialFile, "publish", interrupt)
    else:
        monkeypatch.setattr(streamstyle.media.faststart, "write_with_index_in_front", interrupt)
    output = tmp_path / "web.mp4"
    faststart_path(output).write_bytes(b"of an earlier run")
    with pytest.raises(KeyboardInterrupt):
        write(source, output, faststart=True)
    assert len(read_video(partial_path(output))[1]) == 30
    assert not faststart_path(output).exists()
    assert not output.exists()


KILLED = """
import os, signal, sys
from streamstyle.cli.main import exit_code
from streamstyle.media.output_file import PartialFile
def publish(file, output, publish=PartialFile.publish):
    if sys.argv[1] == "late":
        publish(file, output)
    os.kill(os.getpid(), signal.SIGKILL)
PartialFile.publish = publish
exit_code(sys.argv[2:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.usefixtures("home")
def test_a_run_that_is_killed_meanwhile_is_completed_by_the_same_command(
    source: Path, tmp_path: Path, when: str, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "web.mp4"
    arguments = ["run", str(source), "--style", "wave", "--strength", "0", "--for", "web", "-o", str(output)]
    command = [sys.executable, "-c", KILLED, when, *arguments]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -signal.SIGKILL
    assert output.exists() == (when == "late")
    assert len(read_video(partial_path(output))[1]) == 30
    assert exit_code([*arguments, "-y"]) == 0
    assert "damaged" not in capfd.readouterr().err
    assert len(read_video(output)[1]) == 30
    assert boxes(output)[1] == "moov"
    assert {path.name for path in tmp_path.iterdir()} == {"home", "web.mp4"}
