"""Whether there is something to go on with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from streamstyle.media.onward.checkpoint import Checkpoint, read_checkpoint
from streamstyle.media.onward.claim import refuse_claimed
from streamstyle.media.onward.recipe import refuse_changed
from streamstyle.media.output import partial_path, refuse_output


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
