"""What an earlier run has left of the film that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from streamstyle.easel.wish import Wish
from streamstyle.errors import OutputError
from streamstyle.film import Film
from streamstyle.media.checkpoint import read_checkpoint
from streamstyle.media.output import partial_path
from streamstyle.media.recipe import PART, recipe, refuse_changed


def earlier_in_words(film: Film, wish: Wish) -> Iterator[str]:
    """Yield what becomes of a film that was begun, if there is one: gone on with, or in the way.

    Whether it is of the same part of the film only a run finds out, which reads through it.
    """
    if wish.restart:
        return
    try:
        checkpoint = read_checkpoint(wish.output)
        if checkpoint is not None:
            wanted = recipe(film, wish.mix, wish.settings) | {PART: checkpoint.recipe.get(PART, "")}
            refuse_changed(checkpoint.recipe, wanted, partial_path(wish.output))
            yield f"goes on after {checkpoint.standing.frames} frames, painted earlier"
    except OutputError as error:
        yield f"{error.problem}: {error.next_step}"
