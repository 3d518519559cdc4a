"""HTML elements, numbers and colours."""

from __future__ import annotations

import pytest

from streamstyle.compare.markup import METHOD_COLOURS, SOURCE_COLOUR, element, significant_digits, text


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0"), (0.002612, "0.00261"), (1.0, "1.00"), (23.44, "23.4"), (1280.4, "1280")]
)
def test_numbers_have_three_significant_digits(value: float, expected: str) -> None:
    assert significant_digits(value) == expected


def test_text_and_attributes_are_escaped() -> None:
    assert element("td", text("a < b"), title='"') == '<td title="&quot;">a &lt; b</td>'


def test_all_films_have_different_colours() -> None:
    assert len({SOURCE_COLOUR, *METHOD_COLOURS}) == 1 + len(METHOD_COLOURS)
