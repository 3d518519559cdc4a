"""Makes the screenshots of the terminal UI in this folder, from a real run: python docs/make_screenshots.py [FILM]

Without a film the demo film is painted. Look at them with a browser, or as PNG by rsvg-convert.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from textual.pilot import Pilot
from textual.strip import Strip

import streamstyle
from streamstyle.tui.app import StreamstyleApp
from streamstyle.tui.request import RunRequest
from streamstyle.tui.running import RunningScreen
from streamstyle.tui.summary import SummaryScreen
from streamstyle.tui.widgets.row import in_segments

FOLDER = Path(__file__).resolve().parent
WIDE, HIGH, MARGIN = 10, 20, 12
"""Of a cell, and of the frame around the screen."""


@dataclass(frozen=True)
class Run:
    """Cells of a line that look the same."""

    column: int
    text: str
    style: Style


def svg(lines: Iterable[Strip]) -> str:
    """Return a screen as a picture: half blocks as areas, gathered by colour, the rest as text on its ground."""
    areas: dict[str, list[str]] = defaultdict(list)
    words: list[str] = []
    count = width = 0
    for row, line in enumerate(lines):
        count, width = row + 1, max(width, line.cell_length)
        for run in runs(line):
            fore, back = colours(run.style)
            cells = len(run.text)
            if set(run.text) == {"▀"}:
                areas[fore].append(area(run.column, 2 * row, cells, 1))
                areas[back].append(area(run.column, 2 * row + 1, cells, 1))
                continue
            areas[back].append(area(run.column, 2 * row, cells, 2))
            words += written(run, row, fore)
    ground = max(areas, key=lambda colour: len("".join(areas[colour])))
    painted = "".join(f'<path fill="{colour}" d="{"".join(parts)}"/>' for colour, parts in areas.items())
    wide, high = width * WIDE, count * HIGH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-MARGIN} {-MARGIN} {wide + 2 * MARGIN} {high + 2 * MARGIN}"'
        f' font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="{0.82 * HIGH}">'
        f'<rect x="{-MARGIN}" y="{-MARGIN}" width="100%" height="100%" rx="8" fill="{ground}"/>'
        f'<g transform="scale({WIDE} {HIGH / 2})" shape-rendering="crispEdges">{painted}</g>{"".join(words)}</svg>\n'
    )


def lines(app: StreamstyleApp) -> list[Strip]:
    """Return what is on the screen."""
    with in_segments():
        return app.screen._compositor.render_strips()


def runs(line: Iterable[Segment]) -> Iterator[Run]:
    """Yield a line's cells, those that look the same together."""
    column, begun = 0, Run(0, "", Style())
    for segment in line:
        style = segment.style or Style()
        if begun.text and (style.without_color, colours(style)) == (begun.style.without_color, colours(begun.style)):
            begun = Run(begun.column, begun.text + segment.text, begun.style)
        else:
            if begun.text:
                yield begun
            begun = Run(column, segment.text, style)
        column += segment.cell_length
    if begun.text:
        yield begun


def colours(style: Style) -> tuple[str, str]:
    """Return what the text's colour and that of its ground are."""
    theme = SVG_EXPORT_THEME
    fore = style.color.get_truecolor(theme) if style.color else theme.foreground_color
    back = style.bgcolor.get_truecolor(theme, foreground=False) if style.bgcolor else theme.background_color
    return (back.hex, fore.hex) if style.reverse else (fore.hex, back.hex)


def area(column: int, half_row: int, wide: int, high: int) -> str:
    """Return a rectangle, in cells and half rows, as a part of a path."""
    return f"M{column} {half_row}h{wide}v{high}h-{wide}z"


def written(run: Run, row: int, colour: str) -> Iterator[str]:
    """Yield the words of a run, each on its own cells whatever the font."""
    column = run.column
    for word in run.text.split(" "):
        if word:
            where = f'x="{column * WIDE}" y="{(row + 0.76) * HIGH:.0f}" textLength="{len(word) * WIDE}"'
            weight = ' font-weight="bold"' if run.style.bold else ""
            yield f'<text {where} lengthAdjust="spacingAndGlyphs" fill="{colour}"{weight}>{escape(word)}</text>'
        column += len(word) + 1


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait, for half an hour at most, until something is so."""
    end = time.monotonic() + 1800
    while not condition():
        assert time.monotonic() < end
        await pilot.pause(0.2)


async def take(film: Path) -> None:
    """Paint a film, and take its picture half way, beside the film, and at the end."""
    output = Path(f"{film.stem}.wave.mkv")
    words = (str(film), "--style", "wave", "--height", "360", "-o", str(output))
    app = StreamstyleApp(RunRequest(words, film, output))

    def keep(name: str) -> None:
        (FOLDER / f"tui-{name}.svg").write_text(svg(lines(app)), encoding="utf-8")

    def frames() -> int:
        return app.screen._sight.story.frames_done if isinstance(app.screen, RunningScreen) else 10**9

    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: frames() >= 60)
        keep("running")
        await pilot.resize_terminal(80, 24)
        await pilot.press("c")
        await until(pilot, lambda: frames() >= 64)
        keep("compare")
        await pilot.resize_terminal(120, 40)
        await pilot.press("4")
        await until(pilot, lambda: frames() >= 68)
        keep("flow")
        await pilot.press("1", "c")
        await until(pilot, lambda: isinstance(app.screen, SummaryScreen))
        await pilot.pause(0.5)
        keep("summary")


async def ask(film: Path) -> None:
    """Take a picture of the start screen once it knows what the run would take."""
    app = StreamstyleApp(film=film)

    def says(words: str) -> bool:
        return any(words in line.text for line in lines(app))

    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: says("composition_vii ·"))
        await pilot.press("end", "up")
        await until(pilot, lambda: says("free ·"))
        (FOLDER / "tui-start.svg").write_text(svg(lines(app)), encoding="utf-8")


def main() -> None:
    """Make them all."""
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as name:
        film = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path("landscape.mkv")
        os.chdir(name)  # names are shown as seen from here
        if len(sys.argv) == 1:
            shutil.copyfile(Path(streamstyle.__file__).with_name("assets") / "demo.mkv", film)
        asyncio.run(ask(film))
        asyncio.run(take(film))


if __name__ == "__main__":
    main()
