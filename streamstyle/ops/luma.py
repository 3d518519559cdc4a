"""How red, green and blue are mixed into brightness."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Luma:
    """Weights in brightness; the rest is green."""

    red: float
    blue: float


BT601, BT709 = Luma(0.299, 0.114), Luma(0.2126, 0.0722)
"""ITU-R BT.601 and BT.709: films of standard and of high definition."""
