"""Temporary folders do not pile up in the system's."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from streamstyle.scratch import scratch

PROGRAM = "from streamstyle.scratch import scratch\nwith scratch() as folder: print(folder, flush=True); input()"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_what_a_killed_process_leaves_is_removed_by_the_next_and_what_a_living_one_has_is_not(temporary: Path) -> None:
    others = "streamstyle-notes", "streamstyle-12-34", "elsewhere-12-34-abc"
    for name in others:
        (temporary / name).mkdir()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], **pipes, text=True) as process:
        left = Path(process.stdout.readline().strip())
        (left / "half a film.mkv").write_bytes(b"film")
        with scratch():
            assert left.is_dir()
        process.kill()
        process.wait()
        with scratch() as mine:
            assert {path.name for path in temporary.iterdir()} == {mine.name, *others}
    assert not mine.exists()
