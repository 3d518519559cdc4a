"""What workers report is what is shown of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamstyle.cluster import activity
from streamstyle.cluster.activity import Report, WorkerActivity
from streamstyle.cluster.pieces import Piece
from streamstyle.frames import FramePosition
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from tests.cluster.cluster_case import film

PIECE = Piece(4, (), tuple(FramePosition(index, 40 * index, 1, True) for index in range(50, 100)), None)


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(activity, "time", clock := Clock())
    return clock


def report(frames: int, total: int, piece: int | None = 4, worker: str = "tcp://b:1") -> tuple[float, Report]:
    return 0.0, Report(worker=worker, name="b:17", piece=piece, frames=frames, total=total)


def test_workers_are_sampled_with_what_they_do(tmp_path: Path, clock: Clock) -> None:
    known = WorkerActivity(probe(film(tmp_path), SourceSettings()), lambda: ["tcp://a:1", "tcp://b:1"])
    known.handle(report(0, 10))
    clock.now += 4
    known.handle(report(8, 18))
    sample = known.sample({4: PIECE})
    assert sample is not None
    idle, busy = sample.workers
    assert (idle["name"], idle["piece"], idle["fps"]) == ("a:1", None, None)
    assert (busy["name"], busy["piece"], busy["time"], busy["frame"], busy["frames"]) == ("b:17", 4, 2.0, 8, 50)
    assert busy["fps"] == 2.0
    assert known.frames_done({4: PIECE}) == 8
    assert known.sample({4: PIECE}) is None  # too soon

    clock.now += 5
    later = known.sample({})  # the piece is done, and there is no other
    assert later is not None
    assert (later.workers[1]["piece"], later.workers[1]["fps"]) == (None, None)


def test_the_first_painter_paints_the_earliest_piece_in_work(tmp_path: Path, clock: Clock) -> None:
    known = WorkerActivity(probe(film(tmp_path), SourceSettings()), lambda: ["tcp://b:1", "tcp://c:1"])
    assert known.first_painter({4, 5}) is None
    known.handle(report(3, 3, piece=5, worker="tcp://c:1"))
    known.handle(report(3, 3, piece=4, worker="tcp://gone:1"))
    assert known.first_painter({4, 5}) == "tcp://c:1"
    known.handle(report(0, 0, piece=4, worker="tcp://b:1"))
    assert known.first_painter({4, 5}) == "tcp://b:1"
    assert known.first_painter({5}) == "tcp://c:1"


def test_speed_is_that_of_the_last_half_minute(tmp_path: Path, clock: Clock) -> None:
    known = WorkerActivity(probe(film(tmp_path), SourceSettings()), lambda: ["tcp://b:1"])
    for second in range(0, 100, 5):
        clock.now = 100.0 + second
        known.handle(report(0, 3 * second if second < 50 else 150 + second - 50, piece=None))
    sample = known.sample({})
    assert sample is not None
    assert sample.workers[0]["fps"] == pytest.approx(1.0, rel=0.1)
    clock.now += 40
    silent = known.sample({})
    assert silent is not None
    assert silent.workers[0]["fps"] is None
