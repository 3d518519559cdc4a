"""Writes are atomic, content identifies a file, and temporary folders of killed processes are removed."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from streamstyle import files
from streamstyle.files import (
    atomic_write,
    fingerprint,
    parse_json_object,
    publish,
    read_json,
    shorten_name,
    temporary_folder,
)


def test_a_reader_sees_the_old_or_the_new_content_complete(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    contents = {b"a" * 300_000, b"b" * 200_000}
    atomic_write(path, min(contents))

    def write_repeatedly() -> None:
        for _ in range(50):
            for content in contents:
                atomic_write(path, content)

    writers = [threading.Thread(target=write_repeatedly) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in contents
        time.sleep(0.001)  # without it the reader leaves the writers hardly any time of the interpreter on busy cores
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_content_and_no_partial_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "style.safetensors"
    atomic_write(path, "old")

    def disk_full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, "new", durable=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_durable_and_published_files_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    atomic_write(tmp_path / "status.json", "{}")
    assert not synced
    atomic_write(tmp_path / "checkpoint", b"", partial=tmp_path / "checkpoint.new", durable=True)
    assert len(synced) == 2  # the file and its folder
    (tmp_path / "film.partial.mkv").touch()
    publish(tmp_path / "film.partial.mkv", tmp_path / "film.mkv")
    assert len(synced) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"status.json", "checkpoint", "film.mkv"}


@pytest.mark.parametrize("text", [b"", b"[1]", b"{", b"\xff\xfe", b"7"])
def test_anything_but_a_json_object_is_read_as_an_empty_one(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "run.json").write_bytes(text)
    assert read_json(tmp_path / "run.json") == parse_json_object(text) == {}
    assert read_json(tmp_path / "missing.json") == {}


def test_a_copy_under_another_name_has_the_same_fingerprint(tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes(300_000)
    (tmp_path / "one.mp4").write_bytes(content)
    (tmp_path / "two.mkv").write_bytes(content)
    assert fingerprint(tmp_path / "one.mp4") == fingerprint(tmp_path / "two.mkv")
    assert len(fingerprint(tmp_path / "one.mp4")) == 32


@pytest.mark.parametrize("offset", [0, 70_000, 299_999])
def test_any_byte_of_a_small_file_changes_its_fingerprint(tmp_path: Path, offset: int) -> None:
    content = bytearray(np.random.default_rng(0).bytes(300_000))
    file = tmp_path / "film.mp4"
    file.write_bytes(content)
    before = fingerprint(file)
    content[offset] ^= 1
    file.write_bytes(content)
    assert fingerprint(file) != before


def test_size_and_both_ends_of_a_large_file_are_hashed(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first", "start", "end", "longer")]
    for path in files:
        with path.open("wb") as file:
            file.truncate(20_000_000_001 if path.name == "longer" else 20_000_000_000)  # sparse: takes no disk
            if path.name in ("start", "end"):
                file.seek(0 if path.name == "start" else 19_999_999_999)
                file.write(b"x")
    assert len({fingerprint(path) for path in files}) == 4


def test_an_empty_file_has_a_fingerprint_and_a_missing_one_none(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert len(fingerprint(tmp_path / "empty")) == 32
    with pytest.raises(FileNotFoundError):
        fingerprint(tmp_path / "missing")


HOLD_TEMPORARY_FOLDER = """
from streamstyle.files import temporary_folder
with temporary_folder() as folder:
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_temporary_folders_of_killed_processes_are_removed(temporary: Path) -> None:
    unrelated = "streamstyle-notes", "streamstyle-12-34", "elsewhere-12-34-abc"
    for name in unrelated:
        (temporary / name).mkdir()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD_TEMPORARY_FOLDER], **pipes, text=True) as process:
        folder = Path(process.stdout.readline().strip())
        (folder / "half a film.mkv").write_bytes(b"film")
        with temporary_folder():
            assert folder.is_dir()
        process.kill()
        process.wait()
        with temporary_folder() as own:
            assert {path.name for path in temporary.iterdir()} == {own.name, *unrelated}
    assert not own.exists()


def test_without_a_home_folder_nothing_is_written_below_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "STREAMSTYLE_CACHE", *(f"XDG_{name}_HOME" for name in ("CACHE", "DATA", "STATE", "CONFIG"))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as it is for a user id without an account
    for folder in (files.cache_folder(), files.data_folder(), files.state_folder(), files.log_folder()):
        assert folder.is_absolute()
        with pytest.raises(NotADirectoryError):
            folder.mkdir(parents=True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_synced_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CIFS and some FUSE file systems refuse it; some devices cannot sync a file either."""
    sync = os.fsync

    def refuse_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    atomic_write(tmp_path / "checkpoint", b"new", durable=True)
    assert (tmp_path / "checkpoint").read_bytes() == b"new"


def test_a_link_with_the_name_of_a_partial_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "checkpoint.new").symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        atomic_write(tmp_path / "checkpoint", b"new", partial=tmp_path / "checkpoint.new")
    assert (tmp_path / "precious").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["x" * 300, "映" * 100, "\udcff" * 200])
def test_a_long_name_is_shortened_to_whole_characters_always_the_same(name: str) -> None:
    short = shorten_name(name, 100)
    assert len(os.fsencode(short)) <= 100
    assert short == shorten_name(name, 100) != shorten_name(f"{name}y", 100)
    assert shorten_name("film", 100) == "film"
