"""What a process left in a file, made fit for a screen."""

from __future__ import annotations

import re
from pathlib import Path

_TAIL = 16_384
"""Bytes of a file's end that are looked at."""

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def last_lines(path: Path, most: int = 200) -> list[str]:
    """Return the last lines of a file that are not empty, as they can be shown; none where there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [presentable(line) for line in text.split("\n")]
    return [line for line in lines if line][-most:]


def presentable(line: str) -> str:
    """Return a line without what would move a terminal's cursor, change its colours or turn its text around.

    Of a line that was rewritten in place with carriage returns, what was there last.
    """
    last = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", last.replace("\t", "    ")).rstrip()
