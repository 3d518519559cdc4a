from __future__ import annotations

import pytest

from streamstyle.tui.terminal_query import (
    Graphics,
    Protocol,
    TerminalInfo,
    has_light_background,
    parse_cell_size,
    parse_graphics,
)

KITTY = "\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.35.2)\x1b\\\x1b[6;36;18t\x1b[?62;c"
XTERM = "\x1b[6;20;10t\x1b[?1;0;256S\x1b[?63;1;2;4;6;9;15;22c"


@pytest.mark.parametrize(
    ("replies", "graphics"),
    [
        (XTERM, Graphics(Protocol.sixel, (10, 20))),
        (XTERM + "\x1b[?2;0;1000;800S", Graphics(Protocol.sixel, (10, 20), (1000, 800))),
        (XTERM + "\x1b[?2;0;0;0S", Graphics(Protocol.sixel, (10, 20))),
        (KITTY, Graphics(Protocol.kitty, (18, 36))),
        (KITTY.replace("kitty(0.35.2)", "ghostty 1.1.3"), Graphics(Protocol.kitty, (18, 36))),
        (KITTY.replace("kitty(0.35.2)", "kitty(0.26.5)"), None),
        (
            KITTY.replace("kitty(0.35.2)", "WezTerm 20240203").replace("?62;", "?62;4;"),
            Graphics(Protocol.sixel, (18, 36)),
        ),
        (XTERM.replace("256S", "16S"), None),
        (XTERM.replace(";4;", ";"), None),
        (XTERM.replace("\x1b[6;20;10t", ""), None),
        ("\x1b[?1;2c", None),
        ("", None),
    ],
)
def test_graphics_are_parsed_from_replies(replies: str, graphics: Graphics | None) -> None:
    assert parse_graphics(replies, parse_cell_size(replies)) == graphics


@pytest.mark.parametrize(
    ("replies", "light"),
    [
        ("\x1b]11;rgb:ffff/ffff/dddd\x1b\\\x1b[?62;c", True),
        ("\x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b[?62;c", False),
        ("\x1b]11;rgba:ff/ff/ff/ff\x1b\\", True),
        ("\x1b[?62;c", False),
    ],
)
def test_light_background_is_parsed_from_replies(replies: str, light: bool) -> None:
    assert has_light_background(replies) is light


def test_cell_size_from_the_system_is_used() -> None:
    assert parse_graphics("\x1b[?63;4c", (8, 17)) == Graphics(Protocol.sixel, (8, 17))
    assert parse_cell_size("\x1b[6;0;0t") is None


@pytest.mark.parametrize(("size", "ratio"), [((10, 25), 2.5), ((10, 90), 3.0), (None, 2.0)])
def test_cells_of_another_font(size: tuple[int, int] | None, ratio: float) -> None:
    before = TerminalInfo(Graphics(Protocol.sixel, (10, 20), (1000, 800)))
    after = before.with_cells(size)
    assert after.cell_ratio == ratio
    assert after.graphics == Graphics(Protocol.sixel, size or (10, 20), (1000, 800))
    assert TerminalInfo().with_cells(size).graphics is None
