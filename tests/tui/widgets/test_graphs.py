"""Graphs of a run so far: a ramp, a gap, and more or fewer points than there is room for."""

from __future__ import annotations

from dataclasses import replace

from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.graphs import braille_graph, loss_graphs, speed_graph, steadiness_graph, stretch
from tests.tui.fake_run import status_sample

STATE = RunState(status=status_sample(57))


def test_a_ramp_rises_from_the_lower_left() -> None:
    assert braille_graph([1, 2, 3, 4, 5, 6, 7, 8], 4, 2) == ["⠀⠀⣠⣾", "⣠⣾⣿⣿"]


def test_a_gap_is_empty_and_zero_is_a_dot() -> None:
    assert braille_graph([8, None, 0, 8], 2, 1) == ["⡇⣸"]
    assert braille_graph([None, float("nan")], 1, 1) == ["⠀"]


def test_values_fill_the_width() -> None:
    assert stretch([1, 2], 6) == [1, 1, 1, 2, 2, 2]
    assert stretch([1, 3, None, 5, None, None], 3) == [2, 5, None]
    assert stretch([], 2) == [None, None]


def test_every_line_fits_the_width_and_graphs_fill_it() -> None:
    for width in (20, 34, 44):
        for graph in (speed_graph, steadiness_graph):
            title, *rows = graph(STATE, width)
            assert title.cell_length <= width
            assert {row.cell_length for row in rows} == {width}
        assert {each.cell_length for each in loss_graphs(STATE, width)} == {width}


def test_titles_say_how_far_the_figures_go() -> None:
    assert str(speed_graph(STATE, 44)[0]).split("  ")[-1].strip() == "1.2 s/frame to 1.2 fps"
    assert str(steadiness_graph(STATE, 44)[0]).split("  ")[-1].strip() == "4.6 to 6.6 times"


def test_a_run_without_a_history_has_no_graphs() -> None:
    for state in (RunState(), replace(STATE, status=replace(status_sample(57), history={}, losses={}))):
        assert speed_graph(state, 44) == steadiness_graph(state, 44) == loss_graphs(state, 44) == []
