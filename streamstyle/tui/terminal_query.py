"""Asks the terminal for graphics protocols, cell size and background, before Textual takes over its input."""

from __future__ import annotations

import os
import re
import select
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

from streamstyle.ops.luma import BT601

_KITTY_QUERY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
"""Kitty's protocol: would this image be accepted?"""

_QUERIES = "\x1b[>q\x1b]11;?\x1b\\\x1b[16t\x1b[?1;1;0S\x1b[?2;4;0S\x1b[c"
"""Name and version, background, size of a cell, colour registers of sixels, largest size of a sixel image, device
attributes; every terminal answers the last one."""

_FIRST_KITTY = (0, 28)
"""The first version of kitty with Unicode placeholders; older ones accept images all the same."""

_UNSUPPORTED_TERMS = ("linux", "vt", "ansi")
"""Prefixes of TERM for terminals that would print a query in place of answering it."""

CELL_RATIO = 2.0
"""How many times as high as wide a cell is taken to be if the terminal does not say."""

_CELL_RATIOS = 1.4, 3.0
"""The least and the most that fonts have: some terminals answer anything."""

_TIMEOUT = 1.0
"""Seconds to wait for replies."""


class Protocol(StrEnum):
    """A protocol for images."""

    kitty = "kitty"
    sixel = "sixel"


@dataclass(frozen=True, slots=True)
class Graphics:
    """How a terminal shows images as pixels."""

    protocol: Protocol
    cell_size: tuple[int, int]
    """Width and height of a cell in pixels."""
    max_size: tuple[int, int] | None = None
    """Width and height in pixels above which the terminal drops images; None if it does not say."""


@dataclass(frozen=True, slots=True)
class TerminalInfo:
    """What is known about a terminal."""

    graphics: Graphics | None = None
    """None if it shows characters only."""
    light: bool = False
    """Whether its background is light; False if it does not say."""
    cell_ratio: float = CELL_RATIO
    """How many times as high as wide its cells are."""

    def with_cells(self, size: tuple[int, int] | None) -> TerminalInfo:
        """Return the same with cells of a (width, height) in pixels; unchanged if that is not known."""
        if size is None:
            return self
        ratio = min(max(size[1] / size[0], _CELL_RATIOS[0]), _CELL_RATIOS[1])
        return replace(self, graphics=self.graphics and replace(self.graphics, cell_size=size), cell_ratio=ratio)


def query_terminal() -> TerminalInfo:
    """Return what is known about the terminal of this process; nothing if it is not one, or does not reply."""
    term = os.environ.get("TERM", "")
    if term.startswith(_UNSUPPORTED_TERMS):
        return TerminalInfo()
    multiplexed = term.startswith(("tmux", "screen")) or "TMUX" in os.environ  # they take kitty's query for a title
    try:
        with _without_echo(sys.stdin.fileno()) as terminal:
            os.write(terminal, ("" if multiplexed else _KITTY_QUERY).encode() + _QUERIES.encode())
            replies = _read_replies(terminal)
            size = cell_size_from_system(terminal) or parse_cell_size(replies)
            return TerminalInfo(parse_graphics(replies, size), has_light_background(replies)).with_cells(size)
    except (ImportError, OSError, ValueError):
        return TerminalInfo()


def parse_cell_size(replies: str) -> tuple[int, int] | None:
    """Return the (width, height) of a cell in pixels; None if the replies do not say."""
    cell = re.search(r"\x1b\[6;([1-9]\d*);([1-9]\d*)t", replies)
    return (int(cell[2]), int(cell[1])) if cell else None


def parse_graphics(replies: str, size: tuple[int, int] | None) -> Graphics | None:
    """Return the graphics that the replies tell of; `size` is the (width, height) of a cell, None if not known."""
    if size is None:
        return None
    if re.search(r"\x1b_Gi=31;OK\x1b\\", replies) and _has_placeholders(replies):
        return Graphics(Protocol.kitty, size)
    attributes = re.search(r"\x1b\[\?([\d;]+)c", replies)
    registers = re.search(r"\x1b\[\?1;0;(\d+)S", replies)
    enough_colours = registers is None or int(registers[1]) >= 256
    has_sixels = attributes is not None and "4" in attributes[1].split(";")
    if not has_sixels or not enough_colours:
        return None
    largest = re.search(r"\x1b\[\?2;0;([1-9]\d*);([1-9]\d*)S", replies)
    return Graphics(Protocol.sixel, size, (int(largest[1]), int(largest[2])) if largest else None)


def _has_placeholders(replies: str) -> bool:
    """Return whether the terminal is kitty from 0.28 on, or Ghostty; others accept kitty's images without them."""
    name = re.search(r"\x1bP>\|(kitty|ghostty)[ (](\d+)\.(\d+)", replies)
    return name is not None and (name[1] == "ghostty" or (int(name[2]), int(name[3])) >= _FIRST_KITTY)


def has_light_background(replies: str) -> bool:
    """Return whether the background colour in the replies has a luma above one half."""
    background = re.search(r"\x1b\]11;rgba?:([\da-f]+)/([\da-f]+)/([\da-f]+)", replies, re.IGNORECASE)
    if background is None:
        return False
    red, green, blue = (int(level, 16) / (16.0 ** len(level) - 1) for level in background.groups())
    luma: float = BT601.red * red + BT601.green * green + BT601.blue * blue
    return luma > 0.5


def cell_size_from_system(terminal: int) -> tuple[int, int] | None:
    """Return the (width, height) of a cell in pixels from the kernel; None if it is not known, as over SSH at times.

    Raises OSError if there is no terminal.
    """
    import fcntl
    import termios

    size = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    rows, columns, width, height = struct.unpack("HHHH", size)
    return (width // columns, height // rows) if rows and columns and width and height else None


def _read_replies(terminal: int) -> str:
    replies, end = "", time.monotonic() + _TIMEOUT
    while not re.search(r"\x1b\[\?[\d;]+c", replies) and (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            replies += os.read(terminal, 1024).decode("ascii", errors="replace")
    return replies


@contextmanager
def _without_echo(terminal: int) -> Iterator[int]:
    """Turn off echo and line buffering, so that replies are neither shown nor held back."""
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield terminal
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
