"""The demo film's true motion as a reference flow, to measure films along that are made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from streamstyle.errors import FilmError
from streamstyle.evaluate.judge import Judge
from streamstyle.evaluate.matching import Following, Match
from streamstyle.film import Film
from streamstyle.frame import Frame
from streamstyle.ops.occlusion import consistency_weight
from streamstyle.settings import SourceSettings
from streamstyle.stages.source import decode, probe
from tools.demo_film.film import FRAME_RATE, demo_frames, true_motion

_MAX_DIFFERENCE = 12.0
"""Mean difference, in levels of 255, up to which the first frame of a file counts as the rendered one."""


def demo_film_flow() -> Judge:
    """Return the true motion of the demo film, at any size and for any part of it.

    Opening it raises FilmError where the film is another one.
    """
    return Judge("true flow of the demo film", _correspondences)


@contextmanager
def _correspondences(film: Film, gaps: Sequence[int]) -> Iterator[Iterator[Following]]:
    whole = probe(film.path, SourceSettings(size=(film.width, film.height)))
    seconds = (whole.frames or 0) / FRAME_RATE
    rendered = next(demo_frames(film.width, film.height, seconds))
    if float(np.abs(next(decode(whole)).image.astype(int) - rendered).mean()) > _MAX_DIFFERENCE:
        raise FilmError(
            f"the true motion of {film.path} is not known: it is not the demo film",
            "Give a computed flow, or a folder of .flo files.",
        )
    yield (_correspondence(frame, film, whole.start_pts, seconds, gaps) for frame in decode(film))


def _correspondence(frame: Frame, film: Film, start_pts: int, seconds: float, gaps: Sequence[int]) -> Following:
    index = round((frame.pts - start_pts) * film.time_base * FRAME_RATE)  # in the whole film, not in the part
    matches: dict[int, Match] = {}
    onward = None
    for gap in gaps:
        truth = true_motion(index, film.width, film.height, seconds, gap) if gap <= frame.index else None
        if truth is None:
            continue
        backward, forward = torch.from_numpy(truth.backward), torch.from_numpy(truth.forward)
        matches[gap] = Match(backward, torch.from_numpy(~truth.disoccluded).float(), of_later=True)
        if gap == 1:
            onward = Match(forward, consistency_weight(forward, backward), of_later=False)
    return Following(matches, onward)
