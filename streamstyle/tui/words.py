"""What a process left in a file, made fit for a screen."""

from __future__ import annotations

import re
from pathlib import Path

from streamstyle.formatting import sanitise

_TAIL_BYTES = 16_384
"""Bytes of a file's end that are looked at."""

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")


def read_last_lines(path: Path, most: int = 200) -> list[str]:
    """Return the last lines of a file that are not empty, as they can be shown; none where there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [strip_escapes(line) for line in text.split("\n")]
    return [line for line in lines if line][-most:]


def strip_escapes(line: str) -> str:
    """Return a line without what would move a terminal's cursor, change its colours or turn its text around.

    Of a line that was rewritten in place with carriage returns, what was there last.
    """
    last = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    return sanitise(last.replace("\t", "    ")).rstrip()
