"""Whether there is something to go on with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from streamstyle.errors import OutputError
from streamstyle.media.checkpoint import Checkpoint, forget_checkpoint, read_checkpoint
from streamstyle.media.claim import refuse_claimed
from streamstyle.media.output import clear_errors, partial_path, refuse_output
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


def begin_anew(output: Path, source: Path) -> None:
    """Forget what there is to go on with. OutputError where another run with this output goes on just now."""
    refuse_output(output, source)
    refuse_claimed(partial_path(output))
    with clear_errors(partial_path(output)):
        forget_checkpoint(output)


def goes_on(output: Path, source: Path, recipe: Mapping[str, str]) -> bool:
    """Whether there is something that can be gone on with, and not something else that is in the way."""
    try:
        return resumption(output, source, recipe) is not None
    except OutputError:
        return False
