"""Building blocks of the report: HTML elements, numbers, and the colour of each film."""

from __future__ import annotations

from html import escape

Colour = tuple[int, int, int]
"""Red, green, blue in 0..255."""

SOURCE_COLOUR: Colour = (140, 140, 148)

METHOD_COLOURS: tuple[Colour, ...] = (
    (214, 92, 60), (46, 134, 193), (67, 160, 98), (172, 104, 199),
    (217, 160, 40), (38, 166, 164), (206, 92, 146), (124, 128, 60),
)  # fmt: skip
"""Distinct on light and dark backgrounds; a comparison has at most eight methods."""


def film_colour(index: int) -> Colour:
    """Return the colour of the source (index 0) or of a method, in the report and in the side-by-side film."""
    return SOURCE_COLOUR if index == 0 else METHOD_COLOURS[(index - 1) % len(METHOD_COLOURS)]


def hex_colour(colour: Colour) -> str:
    """Return the colour in CSS notation."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def element(name: str, *inside: str, **attributes: str | float) -> str:
    """Return an element around markup; `class_` becomes `class`, `data_gap` becomes `data-gap`."""
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(f"{value:g}" if isinstance(value, float) else str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{named}>{''.join(inside)}</{name}>"


def text(content: str) -> str:
    """Return text as markup."""
    return escape(content)


def significant_digits(value: float) -> str:
    """Return a number with three significant digits and no exponent: `0.00261`, `23.4`, `1280`."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{_decimals(value)}f}"


def _decimals(value: float) -> int:
    digits, size = 2, abs(value)
    while size < 1 and digits < 7:
        size *= 10
        digits += 1
    return digits if abs(value) < 10 else 1
