"""Quadrant blocks: each cell shows two by two pixels in the two colours that come nearest to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from streamstyle.tui.widgets.xterm_colours import dither_to_xterm, nearest_xterm, xterm_palette

_GROUPS = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1], [1, 1, 0, 1], [1, 0, 1, 1]])
"""Every division of a cell's pixels (upper left, upper right, lower left, lower right) into two groups."""

_BLOCKS = "▀▌▘▛▚▜▙"
"""The characters whose foreground is the first group."""

_UNIFORM = len(_BLOCKS)
_CHARACTERS = f"{_BLOCKS} "
"""By the number of the division; the last one is a cell of one colour, which needs only a background."""

_VISIBLE_VARIANCE = 3.0
"""Least variance of a cell's pixels, in squared levels, for which it gets two colours."""

_CHANNEL_WEIGHTS = np.sqrt(np.array([0.35, 0.4, 0.25], np.float32) * 3)
"""Weights of red, green and blue in the distance between two colours."""

_FOREGROUND, _BACKGROUND = b"\x1b[38", b"\x1b[48"
_RESET = "\x1b[0m"

Colours = NDArray[np.uint8]
"""[..., 3] RGB, or [..., 1] numbers of xterm's colours."""


@dataclass(frozen=True, slots=True)
class Quadrants:
    """Rows of cells."""

    division: NDArray[np.intp]
    """[R, C] numbers of the characters."""
    foreground: Colours
    """[R, C, 3 or 1]"""
    background: Colours
    """[R, C, 3 or 1]"""

    @classmethod
    def from_rgb(cls, pixels: NDArray[np.uint8]) -> Quadrants:
        """Return the cells that show [2 R, 2 C, 3] RGB in 24-bit colour."""
        return cls(*_divide(pixels))

    @classmethod
    def from_rgb_dithered(cls, pixels: NDArray[np.uint8]) -> Quadrants:
        """Return the cells that show [2 R, 2 C, 3] RGB in xterm's 256 colours."""
        division, foreground, background = _divide(xterm_palette()[dither_to_xterm(pixels)])
        return cls(division, nearest_xterm(foreground)[..., None], nearest_xterm(background)[..., None])

    def sequences(self) -> list[str]:
        """Return the escape sequences of each row; colours are set only where they change.

        Each cell is first a record of fixed length, foreground, background and character; then what is not needed of
        it is dropped, all cells at once.
        """
        rows, columns = self.division.shape
        has_foreground = self.division != _UNIFORM
        last = np.maximum.accumulate(np.where(has_foreground, np.arange(columns), 0), axis=1)
        shown = np.take_along_axis(self.foreground, last[..., None], axis=1)
        parts = [
            _colour_records(_FOREGROUND, self.foreground, has_foreground & _changes(shown, has_foreground)),
            _colour_records(_BACKGROUND, self.background, _changes(self.background, np.ones_like(has_foreground))),
            (_character_bytes()[0][self.division], _character_bytes()[1][self.division]),
        ]
        records = np.concatenate([record for record, _ in parts], axis=2)
        kept = np.concatenate([kept for _, kept in parts], axis=2)
        ends = np.cumsum(kept.reshape(rows, -1).sum(1)).tolist()
        text = records[kept].tobytes()
        return [
            f"{text[start:end].decode()}{_RESET}" for start, end in zip([0, *ends[:-1]], ends, strict=True)
        ]  # fmt: skip

    def segments(self, row: int) -> list[Segment]:
        """Return a row as segments; equal cells are one."""
        cells = zip(
            self.division[row].tolist(),
            map(tuple, self.foreground[row].tolist()),
            map(tuple, self.background[row].tolist()),
            strict=True,
        )
        return [
            Segment(
                _CHARACTERS[division] * sum(1 for _ in equal),
                Style.from_color(None if division == _UNIFORM else _colour(fore), _colour(back)),
            )
            for (division, fore, back), equal in groupby(cells)
        ]


def _divide(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.intp], Colours, Colours]:
    """Return the best division of each cell and the mean colours of its two groups.

    The best division is the one with the least squared error; that is the one whose groups' sums S over n pixels have
    the largest sum of |S|² / n.
    """
    height, width = pixels.shape[:2]
    rows, columns = height // 2, width // 2
    quarters = pixels.reshape(rows, 2, columns, 2, 3).transpose(1, 3, 4, 0, 2).astype(np.float32)
    quarters = quarters.reshape(4, 3, rows, columns) * _CHANNEL_WEIGHTS[:, None, None]
    total = quarters.sum(0)
    size = _GROUPS.sum(1).astype(np.float32)[:, None, None, None]
    first = np.tensordot(_GROUPS.astype(np.float32), quarters, 1)
    second = total - first
    explained = ((first * first) / size + (second * second) / (4 - size)).sum(1)
    best = explained.argmax(0)
    chosen = best[None, None]
    foreground = np.take_along_axis(first, chosen, 0)[0] / size[best][..., 0, 0, 0]
    background = np.take_along_axis(second, chosen, 0)[0] / (4 - size)[best][..., 0, 0, 0]
    variance = (np.take_along_axis(explained, best[None], 0)[0] - (total * total).sum(0) / 4) / 4
    uniform = variance < _VISIBLE_VARIANCE
    background = np.where(uniform, total / 4, background)
    return np.where(uniform, _UNIFORM, best), _to_rgb(foreground), _to_rgb(background)


def _to_rgb(colours: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return [R, C, 3] RGB for [3, R, C] weighted colours."""
    return np.rint(np.moveaxis(colours, 0, -1) / _CHANNEL_WEIGHTS).clip(0, 255).astype(np.uint8)


def _changes(colours: Colours, relevant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return [R, C] where a colour differs from the one before it in its row, or has none before it."""
    changed = np.ones(colours.shape[:2], bool)
    changed[:, 1:] = (colours[:, 1:] != colours[:, :-1]).any(-1)
    changed[:, 1:] |= np.cumsum(relevant, axis=1)[:, :-1] == 0
    return changed


def _colour_records(
    prefix: bytes, colours: Colours, needed: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return [R, C, L] the bytes of the sequence that sets each colour, and which of them are needed."""
    rows, columns, channels = colours.shape
    start = np.frombuffer(prefix + (b";2" if channels == 3 else b";5"), np.uint8)
    digits, significant = _decimal_digits()
    numbers = np.full((rows, columns, channels, 4), ord(";"), np.uint8)
    kept = np.ones(numbers.shape, bool)
    numbers[..., 1:], kept[..., 1:] = digits[colours], significant[colours]
    length = len(start) + 4 * channels + 1
    record, keep = np.full((rows, columns, length), ord("m"), np.uint8), np.ones((rows, columns, length), bool)
    record[..., : len(start)] = start
    record[..., len(start) : -1], keep[..., len(start) : -1] = (
        each.reshape(rows, columns, 4 * channels) for each in (numbers, kept)
    )
    return record, keep & needed[..., None]


@cache
def _decimal_digits() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return [256, 3] the three digits of each number as ASCII, and which of them are not leading zeros."""
    texts = [f"{number:03}".encode() for number in range(256)]
    digits = np.frombuffer(b"".join(texts), np.uint8).reshape(256, 3)
    return digits, np.arange(256)[:, None] >= np.array([100, 10, 0])


@cache
def _character_bytes() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return [N, 3] the UTF-8 of each character, and which bytes it has."""
    encoded = [character.encode() for character in _CHARACTERS]
    table = np.frombuffer(b"".join(each.ljust(3) for each in encoded), np.uint8).reshape(-1, 3)
    return table, np.array([[index < len(each) for index in range(3)] for each in encoded])


def _colour(channels: tuple[int, ...]) -> Color:
    return Color.from_rgb(*channels) if len(channels) == 3 else Color.from_ansi(*channels)
