"""How many frames a checkpoint holds, read from its header alone: no torch, for front ends."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from streamstyle.media.output_names import checkpoint_path

_MAX_HEADER = 1 << 20
"""Bytes."""


def frames_in_checkpoint(output: Path) -> int:
    """Return the frames after which a run of that output would resume; 0 if it has no checkpoint that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError), checkpoint_path(output).open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        metadata = json.loads(file.read(min(size, _MAX_HEADER)))["__metadata__"]
        stored = next(value for name, value in metadata.items() if name.startswith("streamstyle.checkpoint/"))
        return int(json.loads(stored)["frames"])
    return 0
