"""The weights of red, green and blue in luma. A module of its own without torch: the terminal UI takes them, too."""

from __future__ import annotations

from typing import NamedTuple


class LumaWeights(NamedTuple):
    """Shares that sum up to 1."""

    red: float
    green: float
    blue: float


BT601, BT709 = LumaWeights(0.299, 0.587, 0.114), LumaWeights(0.2126, 0.7152, 0.0722)
"""ITU-R BT.601 and BT.709: video of standard and of high definition."""
