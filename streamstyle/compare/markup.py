"""HTML and SVG, element by element; what is said by others is escaped."""

from __future__ import annotations

from html import escape


def element(name: str, *inside: str, **attributes: str | float) -> str:
    """Return an element around what is markup already; `class_` is `class`, `data_gap` is `data-gap`."""
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(f"{value:g}" if isinstance(value, float) else str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{named}>{''.join(inside)}</{name}>"


def text(words: str) -> str:
    """Return words as markup that shows them."""
    return escape(words)


def format_number(value: float) -> str:
    """Return a figure with three digits that count, without an exponent: `0.00261`, `23.4`, `1280`."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{max(0, _decimals(value))}f}"


def _decimals(value: float) -> int:
    digits, size = 2, abs(value)
    while size < 1 and digits < 7:
        size *= 10
        digits += 1
    return digits if abs(value) < 10 else 1
