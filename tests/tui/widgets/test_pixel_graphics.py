"""Sharp pictures: what is sent, read as a terminal reads it."""

from __future__ import annotations

import base64
import re
import zlib

import cv2
import numpy as np
import pytest
from rich.console import Console
from rich.style import Style
from textual.pilot import Pilot

from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.terminal_query import Graphics, Protocol, has_light_background, parse_graphics
from streamstyle.tui.widgets.cells import ColourDepth, render_rows
from streamstyle.tui.widgets.image import ImageView
from streamstyle.tui.widgets.pixel_graphics import PixelRenderer, encode_kitty, encode_sixel
from tests.tui.fake_run import FakeRun
from tests.tui.pilot import run_app, wait_for_text, wait_until

XTERM = "\x1b[6;20;10t\x1b[?1;0;256S\x1b[?63;1;2;4;6;9;15;22c"


def decode_sixel(sequence: str) -> np.ndarray:
    """The picture that a terminal draws of sixels: [H, W, 3], in 0..1."""
    head = re.match(r'\x1bPq"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)+)(.*)\x1b\\$', sequence)
    assert head is not None
    width, height = int(head[1]), int(head[2])
    colours = {
        int(n): [int(share) / 100 for share in shares]
        for n, *shares in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", head[3])
    }
    picture = np.full((height, width, 3), np.nan)
    top, left, colour = 0, 0, 0
    for number, count, repeated, plain in re.findall(r"#(\d+)|!(\d+)([?-~])|([?-~$-])", head[4]):
        if number:
            colour = int(number)
        elif plain == "$":
            left = 0
        elif plain == "-":
            top, left = top + 6, 0
        else:
            bits, times = ord(repeated or plain) - 63, int(count or 1)
            for row in range(6):
                if bits >> row & 1:
                    picture[top + row, left : left + times] = colours[colour]
            left += times
    return picture


def test_sixels_draw_the_picture_in_every_pixel() -> None:
    rows, columns = np.mgrid[0:36, 0:50]
    wanted = np.stack([rows * 7, columns * 5, np.full_like(rows, 90)], -1).astype(np.uint8)
    picture = decode_sixel(encode_sixel(wanted))
    assert picture.shape == (36, 50, 3)
    assert not np.isnan(picture).any()
    blurred, meant = (cv2.blur(image, (4, 4))[4:-4, 4:-4] for image in (picture, wanted / 255))
    assert abs(blurred - meant).max() < 0.06


def test_rows_that_fill_no_band_are_filled_up_with_the_last() -> None:
    picture = decode_sixel(encode_sixel(np.full((20, 9, 3), 255, np.uint8)))
    assert picture.shape == (24, 9, 3)
    assert picture.min() == 1


def test_kitty_gets_every_pixel_and_a_place_for_it() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    lines = encode_kitty(noise, columns=8, rows=3, image_id=7, previous_id=6)
    sent = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", lines[0])
    assert sent[0][0].startswith("a=T,U=1,q=2,f=24,o=z,s=80,v=60,i=7,c=8,r=3,m=1")
    assert [keys[-3:] for keys, _ in sent] == ["m=1"] * (len(sent) - 1) + ["m=0"]
    assert max(len(data) for _, data in sent) <= 4096
    pixels = zlib.decompress(base64.b64decode("".join(data for _, data in sent)))
    assert np.array_equal(np.frombuffer(pixels, np.uint8).reshape(60, 80, 3), noise)
    assert [line.count("\U0010eeee") for line in lines] == [8, 8, 8]
    assert lines[-1].endswith("\x1b_Ga=d,d=I,i=6,q=2\x1b\\")


@pytest.mark.parametrize("protocol", list(Protocol))
def test_under_a_question_a_sharp_picture_is_blocks(protocol: Protocol) -> None:
    pixels = np.full((4, 6, 3), 200, np.uint8)
    blocks = render_rows(pixels, ColourDepth.true, Style())
    rows = PixelRenderer(Graphics(protocol, (10, 20))).render(pixels, blocks, 6)
    assert [row.text for row in rows] == ["▀" * 6] * 2
    assert [row.cell_length for row in rows] == [6, 6]
    console = Console(color_system="truecolor", force_terminal=True)
    sent = "".join(row.render(console) for row in rows)
    assert ("\x1bPq" in sent) == (protocol is Protocol.sixel)
    assert "▀" not in sent


@pytest.mark.parametrize(
    ("answers", "graphics"),
    [
        (XTERM, Graphics(Protocol.sixel, (10, 20))),
        ("\x1b_Gi=31;OK\x1b\\\x1b[6;36;18t\x1b[?62;c", Graphics(Protocol.kitty, (18, 36))),
        (XTERM.replace("256S", "16S"), None),
        (XTERM.replace(";4;", ";"), None),
        (XTERM.replace("\x1b[6;20;10t", ""), None),
        ("\x1b[?1;2c", None),
        ("", None),
    ],
)
def test_what_a_terminal_says_of_itself(answers: str, graphics: Graphics | None) -> None:
    assert parse_graphics(answers) == graphics


@pytest.mark.parametrize(
    ("answers", "bright"),
    [
        ("\x1b]11;rgb:ffff/ffff/dddd\x1b\\\x1b[?62;c", True),
        ("\x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b[?62;c", False),
        ("\x1b]11;rgba:ff/ff/ff/ff\x1b\\", True),
        ("\x1b[?62;c", False),
    ],
)
def test_whether_a_terminal_is_bright(answers: str, bright: bool) -> None:
    assert has_light_background(answers) is bright


def test_a_cell_whose_size_the_system_knows_need_not_be_asked() -> None:
    assert parse_graphics("\x1b[?63;4c", (8, 17)) == Graphics(Protocol.sixel, (8, 17))


def test_p_shows_pixels_and_blocks_again(voice: FakeRun) -> None:
    def sharp(pilot: Pilot[int]) -> bool:
        rows = pilot.app.screen.query_one("#a", ImageView).render_lines(
            pilot.app.screen.query_one("#a").region.reset_offset
        )
        return any("\x1bPq" in row.render(pilot.app.console) for row in rows)

    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame 57")
        assert not sharp(pilot)
        await pilot.press("p")
        await wait_until(pilot, lambda: sharp(pilot))
        await wait_until(pilot, lambda: voice.folder.merged_preview_request().width > 600)
        await pilot.press("p")
        await wait_until(pilot, lambda: not sharp(pilot))

    run_app(StreamstyleApp(voice.folder, graphics=Graphics(Protocol.sixel, (10, 20))), act)


def test_p_says_where_a_terminal_has_blocks_alone(voice: FakeRun) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "painted · frame 57")
        await pilot.press("p")
        await wait_until(pilot, lambda: any("blocks alone" in said.message for said in pilot.app._notifications))

    run_app(StreamstyleApp(voice.folder), act)
