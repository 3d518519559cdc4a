from __future__ import annotations

import pytest
from textual.content import Content

from streamstyle.tui.widgets.text import elide_middle


@pytest.mark.parametrize(
    ("text", "width", "cut_to"),
    [
        ("holiday.mkv", 11, "holiday.mkv"),
        ("holiday.mkv", 7, "hol…mkv"),
        ("holiday.mkv", 1, "…"),
        ("日本の映画.mkv", 9, "日本….mkv"),
        ("\U0001f3ac\U0001f3ac\U0001f3ac\U0001f3ac.mkv", 9, "\U0001f3ac\U0001f3ac….mkv"),
    ],
)
def test_long_name_is_elided_by_cells_not_characters(text: str, width: int, cut_to: str) -> None:
    assert elide_middle(text, width) == cut_to
    assert Content(cut_to).cell_length <= width
