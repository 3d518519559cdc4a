"""When the terminal UI takes its terminal to have gone."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamstyle.media.images import encode_image
from streamstyle.tui import terminal_watch
from streamstyle.tui.run_control import _load_image
from tests.films import texture


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """A terminal in place of that on standard error: the end of whoever shows it, and the end of the program."""
    master, slave = pty.openpty()
    monkeypatch.setattr(terminal_watch, "DESCRIPTOR", slave)
    monkeypatch.setattr(terminal_watch, "_INTERVAL", 0.01)
    yield master, slave
    for descriptor in (master, slave):
        with suppress(OSError):  # a test has closed it
            os.close(descriptor)


def test_standard_error_that_goes_elsewhere_for_a_while_is_no_end(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    master, slave = terminal
    left, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(terminal_watch, "_GRACE", 0)
    monkeypatch.setattr(os, "_exit", lambda code: ended.set())
    terminal_watch.end_without_terminal(left.set)
    same = os.dup(slave)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), slave)
        assert not left.wait(0.5), "fifty looks"
    os.dup2(same, slave)
    os.close(same)
    assert not left.wait(0.1)
    os.close(master)
    assert left.wait(60)
    assert ended.wait(60)


def test_the_screen_is_drawn_while_a_preview_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decode, during = cv2.imdecode, []

    def observed(data: np.ndarray, flags: int) -> np.ndarray:
        during.append(os.fstat(2))
        return decode(data, flags)

    monkeypatch.setattr(cv2, "imdecode", observed)
    (tmp_path / "output.png").write_bytes(encode_image(texture(32, 24), ".png"))
    assert _load_image(tmp_path / "output.png") is not None
    assert [os.path.samestat(each, os.fstat(2)) for each in during] == [True]
