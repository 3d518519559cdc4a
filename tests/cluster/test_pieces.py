"""How a film is split: at cuts, and inside takes that are too long."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from streamstyle.cluster.pieces import RUN_IN, Piece, Splitting, split
from streamstyle.frames import Frame
from streamstyle.settings import ConsistencySettings, Method, Settings
from streamstyle.stages.live import cycle


def take(*lengths: int) -> Iterator[Frame]:
    """Frames of shots of so many frames, a hundred ticks each."""
    shots = [shot for shot, length in enumerate(lengths) for _ in range(length)]
    for index, shot in enumerate(shots):
        yield Frame(np.zeros((2, 2, 3), np.uint8), 100 * index, index, shot)


def pieces(frames: Iterator[Frame], splitting: Splitting) -> list[Piece]:
    return [piece for piece in split(frames, None, splitting) if piece is not None]


def of(method: Method, steadiness: float = 0.5) -> Settings:
    return Settings(consistency=ConsistencySettings(method=method, steadiness=steadiness))


def test_a_piece_is_a_shot() -> None:
    found = pieces(take(3, 1, 5), Splitting(100, 64))
    assert [[frame.index for frame in piece.frames] for piece in found] == [[0, 1, 2], [3], [4, 5, 6, 7, 8]]
    assert [piece.run_in for piece in found] == [(), (), ()]
    assert [piece.end_pts for piece in found] == [300, 400, None]
    assert [piece.number for piece in found] == [0, 1, 2]


def test_a_long_take_is_split_with_what_is_painted_before_it_and_no_short_rest() -> None:
    found = pieces(take(28), Splitting(10, 4))
    assert [len(piece.frames) for piece in found] == [10, 10, 8]
    assert [[frame.index for frame in piece.run_in] for piece in found] == [[], [6, 7, 8, 9], [16, 17, 18, 19]]
    assert [piece.begin.index for piece in found] == [0, 6, 16]
    assert [len(piece.frames) for piece in pieces(take(24), Splitting(10, 4))] == [10, 14]


@pytest.mark.parametrize("steadiness", [0.0, 0.3, 0.5, 1.0])
def test_a_piece_of_live_begins_where_the_same_layer_has_its_turn(steadiness: float) -> None:
    settings = of(Method.live, steadiness)
    splitting, turns = Splitting.of(settings, 1500), cycle(settings.consistency)
    assert splitting.run_in >= RUN_IN
    assert splitting.run_in % turns == 0
    for piece in pieces(take(6000), splitting):
        assert piece.begin.index % turns == 0


def test_johnson_paints_nothing_twice_and_ruder_splits_no_take() -> None:
    assert [piece.run_in for piece in pieces(take(30), Splitting.of(of(Method.johnson), 10))] == [(), (), ()]
    assert len(pieces(take(3000), Splitting.of(of(Method.ruder), 10))) == 1
