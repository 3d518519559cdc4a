"""Where a film is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from streamstyle.frame import Frame
from streamstyle.ops.likeness import Thumbnail, thumbnail, scene_difference

CUT_THRESHOLD = 0.6
"""Unlikeness of two frames from which on there is a cut between them.

Of 601 pairs of consecutive frames of four films without a cut the largest is 0.48; of 1,280 pairs of unrelated
pictures, some dark, blurred, noisy or letterboxed, the smallest is 0.66 (docs/flow.md).
"""


def number_shots(frames: Iterable[Frame], shot: int = 0) -> Iterator[Frame]:
    """Yield every frame with the count of cuts before it, `shot` for the first; a sketch of the last is remembered."""
    before: Thumbnail | None = None
    for frame in frames:
        now = thumbnail(frame.image)
        if before is not None and scene_difference(before, now) > CUT_THRESHOLD:
            shot += 1
        before = now
        yield replace(frame, shot=shot)
