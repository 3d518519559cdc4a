"""What an earlier run has left of the film that is asked for."""

from __future__ import annotations

from streamstyle.easel.wish import Wish
from streamstyle.errors import OutputError
from streamstyle.film import Film
from streamstyle.media.output import partial_path
from streamstyle.resume.checkpoint import read_checkpoint
from streamstyle.resume.signature import RANGE_KEY, check_unchanged, run_signature


def earlier_of(film: Film, wish: Wish) -> tuple[int, str]:
    """Return after how many frames a run would go on, and what of an earlier one stands in its way; 0 and nothing.

    Whether that was of the same part of the film only a run finds out, which reads through it.
    """
    if wish.restart:
        return 0, ""
    try:
        checkpoint = read_checkpoint(wish.output)
        if checkpoint is None:
            return 0, ""
        wanted = run_signature(film, wish.mix, wish.settings)
        wanted[RANGE_KEY] = checkpoint.signature.get(RANGE_KEY, "")
        check_unchanged(checkpoint.signature, wanted, partial_path(wish.output))
    except OutputError as error:
        return 0, error.problem
    return checkpoint.resume_point.frames, ""
