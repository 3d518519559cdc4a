"""What a terminal can show, and whether it is bright: asked before the screen is drawn, for afterwards keys come."""

from __future__ import annotations

import os
import re
import select
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from streamstyle.ops.luma import BT601

_KITTY_QUERY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
"""Would this picture do?"""

_QUERIES = "\x1b]11;?\x1b\\\x1b[16t\x1b[?1;1;0S\x1b[c"
"""What is your ground? How large is a cell? How many colours have sixels? Who are you? Everybody answers the last."""

_UNSUPPORTED_TERMS = ("linux", "vt", "ansi")
"""Terminals that would show a question in place of answering it."""

_TIMEOUT = 1.0
"""Seconds after which no answer comes any more."""


class Protocol(StrEnum):
    """How pictures are sent."""

    kitty = "kitty"
    sixel = "sixel"


@dataclass(frozen=True, slots=True)
class Graphics:
    """What a terminal can show beside characters."""

    protocol: Protocol
    cell_size: tuple[int, int]
    """Width and height of a cell in pixels."""


@dataclass(frozen=True, slots=True)
class TerminalInfo:
    """What there is to know of a terminal."""

    graphics: Graphics | None = None
    """None where it can show characters alone."""
    light: bool = False
    """Whether its ground is; as far as it says."""


def query_terminal() -> TerminalInfo:
    """Return what there is to know of the terminal that this process runs in."""
    term = os.environ.get("TERM", "")
    if term.startswith(_UNSUPPORTED_TERMS):
        return TerminalInfo()
    within = term.startswith(("tmux", "screen")) or "TMUX" in os.environ  # there the first is taken for a title
    try:
        with _without_echo(sys.stdin.fileno()) as terminal:
            os.write(terminal, ("" if within else _KITTY_QUERY).encode() + _QUERIES.encode())
            answers = _read_replies(terminal)
            return TerminalInfo(
                parse_graphics(answers, _cell_size_from_system(terminal)), has_light_background(answers)
            )
    except (ImportError, OSError, ValueError):
        return TerminalInfo()


def parse_graphics(answers: str, size: tuple[int, int] | None = None) -> Graphics | None:
    """Return what a terminal's answers say; `size` is that of a cell, where it is known already."""
    cell = re.search(r"\x1b\[6;(\d+);(\d+)t", answers)
    size = size or ((int(cell[2]), int(cell[1])) if cell else None)
    if size is None or not all(size):
        return None
    if re.search(r"\x1b_Gi=31;OK\x1b\\", answers):
        return Graphics(Protocol.kitty, size)
    able = re.search(r"\x1b\[\?([\d;]+)c", answers)
    registers = re.search(r"\x1b\[\?1;0;(\d+)S", answers)
    enough = registers is None or int(registers[1]) >= 256
    return Graphics(Protocol.sixel, size) if able and "4" in able[1].split(";") and enough else None


def has_light_background(answers: str) -> bool:
    """Return whether a terminal's answers name a ground that is brighter than half."""
    ground = re.search(r"\x1b\]11;rgba?:([\da-f]+)/([\da-f]+)/([\da-f]+)", answers, re.IGNORECASE)
    if ground is None:
        return False
    red, green, blue = (int(level, 16) / (16.0 ** len(level) - 1) for level in ground.groups())
    brightness: float = BT601.red * red + BT601.green * green + BT601.blue * blue
    return brightness > 0.5


def _cell_size_from_system(terminal: int) -> tuple[int, int] | None:
    """Return the size of a cell as the system knows it; None where it does not, as over some connections."""
    import fcntl
    import termios

    size = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    rows, columns, width, height = struct.unpack("HHHH", size)
    return (width // columns, height // rows) if rows and columns and width and height else None


def _read_replies(terminal: int) -> str:
    answers, end = "", time.monotonic() + _TIMEOUT
    while not re.search(r"\x1b\[\?[\d;]+c", answers) and (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            answers += os.read(terminal, 1024).decode("ascii", errors="replace")
    return answers


@contextmanager
def _without_echo(terminal: int) -> Iterator[int]:
    """Keep what the terminal answers from being shown, and from waiting for the end of a line."""
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield terminal
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
