"""A film at the size that it is enlarged to."""

from __future__ import annotations

from dataclasses import replace

from streamstyle.errors import SettingsError
from streamstyle.film import Film
from streamstyle.settings import LARGEST_SIDE, EnlargeSettings


def enlarged_film(film: Film, settings: EnlargeSettings) -> Film:
    """Return the film as it is written; pixels keep their shape. SettingsError where that would be too large."""
    times = settings.upscale
    width, height = times * film.width, times * film.height
    if times > 1 and max(width, height) > LARGEST_SIDE:
        raise SettingsError(
            f"{film.width}x{film.height} enlarged {times} times would be {width}x{height}",
            f"{LARGEST_SIDE} pixels a side are the most: enlarge less, or paint at a smaller --height.",
        )
    return replace(film, width=width, height=height)
