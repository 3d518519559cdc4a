"""Whether there is something to go on with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from streamstyle.media.checkpoint import Checkpoint, read_checkpoint
from streamstyle.media.claim import refuse_claimed
from streamstyle.media.output import partial_path, refuse_output
from streamstyle.media.recipe import refuse_changed


def resumption(output: Path, source: Path, recipe: Mapping[str, str]) -> Checkpoint | None:
    """Return where an earlier run with this output stopped; None where none did.

    OutputError where that was begun otherwise, cannot be read, or goes on just now.
    """
    refuse_output(output, source)
    refuse_claimed(partial_path(output))
    checkpoint = read_checkpoint(output)
    if checkpoint is not None:
        refuse_changed(checkpoint.recipe, recipe, partial_path(output))
    return checkpoint
