"""One colour for each film of a comparison, the same in the grid film and in the report."""

from __future__ import annotations

Colour = tuple[int, int, int]
"""Red, green, blue in 0..255."""

SOURCE_COLOUR: Colour = (140, 140, 148)

METHOD_COLOURS: tuple[Colour, ...] = (
    (214, 92, 60), (46, 134, 193), (67, 160, 98), (172, 104, 199),
    (217, 160, 40), (38, 166, 164), (206, 92, 146), (124, 128, 60),
)  # fmt: skip
"""Told apart on light and on dark paper; the eight that a comparison can have."""


def film_colour(place: int) -> Colour:
    """Return the colour of the source, at place 0, or of a method."""
    return SOURCE_COLOUR if place == 0 else METHOD_COLOURS[(place - 1) % len(METHOD_COLOURS)]


def hex_colour(colour: Colour) -> str:
    """Return it as CSS has it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
