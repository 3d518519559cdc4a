"""Workers of a cluster as lines of text."""

from __future__ import annotations

import pytest

from streamstyle.events import WorkersSampled, WorkerStatus
from streamstyle.runs.state import RunState, apply_events
from streamstyle.tui.widgets.workers import MAX_LINES, worker_lines


def worker(name: str, piece: int | None = 0, fps: float | None = 2.0) -> WorkerStatus:
    return WorkerStatus(name=name, piece=piece, time=None if piece is None else 65.0, frame=5, frames=10, fps=fps)


def shown(*workers: WorkerStatus, width: int = 44) -> list[str]:
    state = apply_events(RunState(), [WorkersSampled(workers).to_json()])  # as a viewer reads it
    return [each.plain for each in worker_lines(state, width)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("node1.cluster.example.org:4123", "node1:4123"),
        ("10.0.0.7:4123", "10.0.0.7:4123"),
        ("a-very-long-name:4123", "a-very-…:4123"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("width", [34, 44])
def test_a_worker_is_named_in_little_space(name: str, text: str, width: int) -> None:
    (only,) = shown(worker(name), width=width)
    assert only.startswith(f"{text:<14}1:05")
    assert only.endswith("2.0 fps")
    assert len(only) == width


def test_idle_workers_are_said_to_be_and_many_are_counted() -> None:
    assert shown(worker("a:1", piece=None, fps=None))[0].endswith("idle")
    assert shown(worker("a:1", piece=None))[0].endswith("2.0 fps")  # it computes flow
    lines = shown(*(worker(f"node{number}:1") for number in range(MAX_LINES + 3)))
    assert len(lines) == MAX_LINES + 1
    assert lines[-1].startswith("and 3 more")
    assert lines[-1].endswith("6.0 fps")
    assert shown() == []
