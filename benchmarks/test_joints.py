"""Joints inside a take that a cluster paints in pieces: how they differ from the take painted in one, by the run-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import pytest
import torch

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.evaluate.metrics import squared_difference, warping_error
from streamstyle.frames import Frame, StylisedFrame
from streamstyle.looks import Look, Looks
from streamstyle.media.probe import probe
from streamstyle.models.weights import load_consistency_loss_network
from streamstyle.settings import ConsistencySettings, FlowSettings, Method, Settings
from streamstyle.stages.consistency import consistency
from streamstyle.stages.decode import decode
from streamstyle.stages.flow import add_flow
from streamstyle.stages.live import cycle, live
from streamstyle.stages.stylise import stylise
from streamstyle.styles.frame_looks import FrameLooks, LookNetworks
from streamstyle.styles.spec import BlendPart, StyleBlend

AFTER = 8
"""Frames from the joint on that are compared."""

CPU = torch.device("cpu")


@pytest.mark.parametrize("method", [Method.live, Method.consistent])
def test_joints(work: Work, report: Report, method: Method) -> None:
    """The frames from the joint on, in levels of 255; the take is each film played forward and backward."""
    settings = ConsistencySettings(method=method, iterations=work.iterations)
    turns = cycle(settings) if method is Method.live else 32
    run_ins = sorted({turns // 2, turns, 64, 96})
    make = _maker(settings)
    for film in work.films:
        joint = 3 * turns if method is Method.live else 4 * turns
        frames = _take(film, work, joint + AFTER)
        whole = list(make(frames))
        rows = [_compare(whole, list(make(_from(frames, joint - run_in))), joint, run_in) for run_in in run_ins]
        report.show(f"{method}, {film.stem}: joint at frame {joint}, turns of {turns} frames", rows)


def _maker(settings: ConsistencySettings) -> Callable[[Sequence[StylisedFrame]], Iterator[StylisedFrame]]:
    if settings.method is Method.live:
        return lambda frames: live(frames, settings)
    network = load_consistency_loss_network(settings, CPU)
    return lambda frames: consistency(frames, settings, network)


def _take(film: Path, work: Work, count: int) -> list[StylisedFrame]:
    """Stylise a film that is played forward and backward until there are so many frames, as one shot."""
    settings = Settings(source=replace(work.source_settings, end=None), flow=FlowSettings(flow_cache=0))
    there = list(islice(decode(probe(film, settings.source)), count))
    looks = Looks.constant(Look(StyleBlend(work.style.name, (BlendPart(work.style.path),))))
    with add_flow(islice(_to_and_fro(there), count), settings.flow) as flowed:
        return list(stylise(flowed, FrameLooks(looks), LookNetworks(looks, CPU), CPU))


def _to_and_fro(frames: Sequence[Frame]) -> Iterator[Frame]:
    index = 0
    while True:
        for frame in (*frames, *frames[-2:0:-1]):
            yield replace(frame, pts=index, index=index, shot=0)
            index += 1


def _from(frames: Sequence[StylisedFrame], first: int) -> list[StylisedFrame]:
    begin = frames[first]
    return [replace(begin, flowed=replace(begin.flowed, motion=None, lookback=())), *frames[first + 1 :]]


def _compare(whole: Sequence[StylisedFrame], part: Sequence[StylisedFrame], joint: int, run_in: int) -> Row:
    pairs = list(zip(whole[joint:], part[run_in:], strict=True))
    differences = [255 * (a.image - b.image).abs() for a, b in pairs]
    changes = [255 * (a.image - b.image).abs().mean().item() for a, b in pairwise(whole[joint - 1 :])]
    before = whole[joint - 1]
    return {
        "run-in": run_in,
        "first frame, mean": differences[0].mean().item(),
        "largest": differences[0].max().item(),
        f"mean of {AFTER}": torch.stack(differences).mean().item(),
        "from frame to frame": sum(changes) / len(changes),
        "warping error, joint": _error(before, part[run_in]),
        "whole": _error(before, whole[joint]),
        f"mean of {AFTER}, whole": sum(_error(a, b) for a, b in pairwise(whole[joint - 1 :])) / AFTER,
    }


def _error(before: StylisedFrame, after: StylisedFrame) -> float:
    """Return the root of the warping error between two frames, in levels."""
    motion = after.flowed.motion
    assert motion is not None
    squared = squared_difference(after.image, before.image, motion.backward)
    return 255 * float(warping_error(squared, motion.weight).sqrt())
