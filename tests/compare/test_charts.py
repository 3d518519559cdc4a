"""Curves and axes of the charts."""

from __future__ import annotations

import re

import pytest

from streamstyle.compare.charts import CURVES_AREA, LogAxis, curve_path

CURVE = [None, 0.002, 0.003, None, 0.001, 0.004]


def test_a_curve_breaks_where_there_is_no_value() -> None:
    path = curve_path(CURVE, LogAxis(0.001, 0.004, CURVES_AREA.bottom, CURVES_AREA.top))
    assert [step[0] for step in re.findall(r"[ML][\d. ]+", path)] == ["M", "L", "M", "L"]
    assert path.endswith(f" {CURVES_AREA.top:.1f}")


def test_the_middle_of_a_log_axis_is_the_geometric_mean() -> None:
    axis = LogAxis(0.01, 1.0, 0.0, 100.0)
    assert axis.position(0.1) == pytest.approx(50)
    assert (axis.position(0), axis.position(7)) == (0, 100)
    assert axis.ticks() == pytest.approx([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0])
