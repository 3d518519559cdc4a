"""Images as pixels: the sequences are decoded as a terminal would."""

from __future__ import annotations

import base64
import re
import time
import zlib

import cv2
import numpy as np
import pytest
from rich.console import Console
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.output_pace import OutputPace
from streamstyle.tui.terminal_query import Graphics, Protocol, TerminalInfo
from streamstyle.tui.widgets.cells import ColourDepth, render_rows
from streamstyle.tui.widgets.image import ImageView
from streamstyle.tui.widgets.pixel_graphics import PixelRenderer, encode_kitty, encode_sixel
from tests.tui.fake_run import FakeRun
from tests.tui.pilot import run_app, screen_text, wait_for_text, wait_until

SIXELS = Graphics(Protocol.sixel, (10, 20), (1000, 1000))


def decode_sixel(sequence: str) -> np.ndarray:
    """The image that a terminal draws from sixels: [H, W, 3] in [0, 1], NaN where nothing is drawn."""
    head = re.match(r'\x1bPq"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)+)(.*)\x1b\\$', sequence)
    assert head is not None
    width, height = int(head[1]), int(head[2])
    colours = {
        int(n): [int(share) / 100 for share in shares]
        for n, *shares in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", head[3])
    }
    image = np.full((height, width, 3), np.nan)
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
                    image[top + row, left : left + times] = colours[colour]
            left += times
    return image


def test_sixels_draw_every_pixel() -> None:
    rows, columns = np.mgrid[0:36, 0:50]
    source = np.stack([rows * 7, columns * 5, np.full_like(rows, 90)], -1).astype(np.uint8)
    drawn = decode_sixel(encode_sixel(source))
    assert drawn.shape == (36, 50, 3)
    assert not np.isnan(drawn).any()
    blurred, expected = (cv2.blur(image, (4, 4))[4:-4, 4:-4] for image in (drawn, source / 255))
    assert abs(blurred - expected).max() < 0.06


def test_sixels_end_with_the_last_row() -> None:
    """What is drawn below would cover the caption, and pass a limit that the image itself keeps."""
    image = decode_sixel(encode_sixel(np.full((20, 9, 3), 255, np.uint8)))
    assert image.shape == (20, 9, 3)
    assert image.min() == 1


def test_image_above_the_limit_of_the_terminal_gets_fewer_cells() -> None:
    """xterm would drop it, and the picture would stand still."""

    async def steps(pilot: Pilot[int]) -> None:
        image = pilot.app.query_one(ImageView)
        image.use_pixels(True)
        image.show(np.full((90, 160, 3), 90, np.uint8), "output")
        await pilot.pause()
        sent = "".join(row.render(pilot.app.console) for row in image.render_lines(Region(0, 0, 120, 40)))
        width, height = map(int, re.findall(r'"1;1;(\d+);(\d+)', sent)[0])
        assert 900 < width <= 1000
        assert height == width * 9 // 16 // 20 * 20

    class ImageApp(App[int]):
        def compose(self) -> ComposeResult:
            yield ImageView(graphics=SIXELS)

    run_app(ImageApp(), steps)


def test_kitty_gets_every_pixel_and_a_placeholder_per_cell() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    lines = encode_kitty(noise, columns=8, rows=3, image_id=7, previous_id=6)
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", lines[0])
    assert chunks[0][0].startswith("a=T,U=1,q=2,f=24,o=z,s=80,v=60,i=7,c=8,r=3,m=1")
    assert [keys[-3:] for keys, _ in chunks] == ["m=1"] * (len(chunks) - 1) + ["m=0"]
    assert max(len(data) for _, data in chunks) <= 4096
    pixels = zlib.decompress(base64.b64decode("".join(data for _, data in chunks)))
    assert np.array_equal(np.frombuffer(pixels, np.uint8).reshape(60, 80, 3), noise)
    assert [line.count("\U0010eeee") for line in lines] == [8, 8, 8]
    assert lines[-1].endswith("\x1b_Ga=d,d=I,i=6,q=2\x1b\\")


@pytest.mark.parametrize("protocol", list(Protocol))
def test_segments_of_pixel_rows_are_those_of_the_blocks(protocol: Protocol) -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (8, 12, 3), np.uint8)
    blocks = render_rows(pixels, ColourDepth.true, Style())
    rows = PixelRenderer(Graphics(protocol, (10, 20))).render(pixels, blocks, 6)
    assert [row.text for row in rows] == [block.text for block in blocks]
    assert len(rows) == 2
    assert [row.cell_length for row in rows] == [6, 6]
    console = Console(color_system="truecolor", force_terminal=True)
    sent = "".join(row.render(console) for row in rows)
    assert ("\x1bPq" in sent) == (protocol is Protocol.sixel)
    assert not set(sent) & set("▀▌▘▛▚▜▙")


def test_p_switches_between_pixels_and_blocks(fake_run: FakeRun) -> None:
    def has_pixels(pilot: Pilot[int]) -> bool:
        rows = pilot.app.screen.query_one("#first-image", ImageView).render_lines(
            pilot.app.screen.query_one("#first-image").region.reset_offset
        )
        return any("\x1bPq" in row.render(pilot.app.console) for row in rows)

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        assert not has_pixels(pilot)
        await pilot.press("p")
        await wait_until(pilot, lambda: has_pixels(pilot))
        await wait_until(pilot, lambda: fake_run.folder.merged_preview_request().width > 600)
        await pilot.press("p")
        await wait_until(pilot, lambda: not has_pixels(pilot))

    run_app(StreamstyleApp(fake_run.folder, terminal=TerminalInfo(SIXELS)), steps)


def test_images_follow_the_font_of_the_terminal(fake_run: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        image = pilot.app.screen.query_one("#first-image", ImageView)
        await pilot.press("p")
        columns, rows = image.size
        monkeypatch.setattr("streamstyle.tui.app.cell_size_from_system", lambda _: None)
        assert image.available_pixels() == (10 * columns, 20 * (rows - 1))
        monkeypatch.setattr("streamstyle.tui.app.cell_size_from_system", lambda _: (8, 17))
        await wait_until(pilot, lambda: image.available_pixels() == (8 * columns, 17 * (rows - 1)))

    run_app(StreamstyleApp(fake_run.folder, terminal=TerminalInfo(SIXELS)), steps)


@pytest.mark.parametrize("key", ["w", "c"])
def test_pixels_of_a_wipe_and_of_two_views(fake_run: FakeRun, key: str) -> None:
    """Every picture on the screen is pixels; the wipe follows its keys although drawing takes long."""

    def sequences(pilot: Pilot[int]) -> list[str]:
        views = [view for view in pilot.app.screen.query(ImageView) if view.display]
        rows = [view.render_lines(view.region.reset_offset) for view in views]
        return ["".join(row.render(pilot.app.console) for row in each) for each in rows]

    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        await pilot.press("p", key)
        await wait_until(pilot, lambda: len(sequences(pilot)) == {"w": 1, "c": 2}[key])
        await wait_until(pilot, lambda: all(each.count("\x1bPq") == 1 for each in sequences(pilot)))
        if key == "w":
            before = sequences(pilot)
            for view in pilot.app.screen.query(ImageView):
                view._drawing_seconds = 2  # 40 s to the next picture of the run
            await pilot.press("comma")
            pressed = time.monotonic()
            await wait_until(pilot, lambda: sequences(pilot) != before)
            assert time.monotonic() - pressed < 30

    run_app(StreamstyleApp(fake_run.folder, terminal=TerminalInfo(SIXELS)), steps)


def test_pixels_that_the_line_is_too_slow_for_are_blocks_and_say_so() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        app.pace = pace = OutputPace(lambda: app.pace and app.pace.answered())
        pace._budget = 1e6
        image = pilot.app.query_one(ImageView)
        image.use_pixels(True)
        pace._pixel_rates = [30_000]
        image.show(np.random.default_rng(2).integers(0, 255, (90, 160, 3), np.uint8), "output")
        await wait_for_text(pilot, "output · blocks: the line is too slow for pixels")
        image.use_pixels(True)  # it is tried again
        await wait_until(pilot, lambda: "too slow" not in screen_text(pilot))

    class ImageApp(App[int]):
        pace: OutputPace | None = None

        def compose(self) -> ComposeResult:
            yield ImageView(graphics=SIXELS)

    app = ImageApp()
    run_app(app, steps, (100, 30))


def test_p_reports_a_terminal_without_graphics(fake_run: FakeRun) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await wait_for_text(pilot, "output · frame 57")
        await pilot.press("p")
        await wait_until(
            pilot, lambda: any("neither sixels nor kitty" in note.message for note in pilot.app._notifications)
        )

    run_app(StreamstyleApp(fake_run.folder), steps)
