"""The weights of red, green and blue in luma: a module without torch, because the TUI uses them, too."""

from __future__ import annotations

from typing import NamedTuple


class LumaWeights(NamedTuple):
    """Weights that sum to 1."""

    red: float
    green: float
    blue: float


BT601, BT709 = LumaWeights(0.299, 0.587, 0.114), LumaWeights(0.2126, 0.7152, 0.0722)
"""ITU-R BT.601 (standard definition) and BT.709 (high definition)."""
