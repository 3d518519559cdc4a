"""Temporary folders that a killed process does not leave behind for ever: the next one removes them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streamstyle.life import Life

_OURS = re.compile(r"streamstyle-(?P<pid>\d+)-(?P<began>\d+)-\w+")


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a temporary folder that bears its owner's number and birth; those of owners who have died are removed."""
    sweep()
    me = Life.own()
    with tempfile.TemporaryDirectory(
        prefix=f"streamstyle-{me.pid}-{me.began:.0f}-", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def sweep() -> None:
    """Remove the folders that processes of this user made and died before they could remove them."""
    with suppress(OSError):
        for path in Path(tempfile.gettempdir()).iterdir():
            named = _OURS.fullmatch(path.name)
            if named and _is_ours(path) and not Life(int(named["pid"]), float(named["began"])).goes_on():
                shutil.rmtree(path, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    found = path.lstat()
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()
