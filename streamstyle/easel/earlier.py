"""What an earlier run has left of the film that is asked for."""

from __future__ import annotations

from streamstyle.easel.wish import Wish
from streamstyle.errors import OutputError
from streamstyle.film import Film
from streamstyle.media.onward.checkpoint import read_checkpoint
from streamstyle.media.onward.recipe import PART, recipe, refuse_changed
from streamstyle.media.output import partial_path


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
        wanted = recipe(film, wish.mix, wish.settings) | {PART: checkpoint.recipe.get(PART, "")}
        refuse_changed(checkpoint.recipe, wanted, partial_path(wish.output))
    except OutputError as error:
        return 0, error.problem
    return checkpoint.standing.frames, ""
