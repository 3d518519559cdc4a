from __future__ import annotations

from typing import Any

import pytest

from streamstyle.estimate import cap_iterations, full_to_trial_ratio
from streamstyle.settings import ConsistencySettings, Method, RuderSettings, Settings


def ruder(iterations: int, **settings: Any) -> Settings:
    return Settings(
        consistency=ConsistencySettings(method=Method.ruder, iterations=iterations), ruder=RuderSettings(**settings)
    )


def test_a_trial_of_a_thousand_iterations_makes_thirty_and_counts_them_for_a_thousand() -> None:
    wanted = ruder(1000, first_iterations=0)
    assert cap_iterations(wanted).consistency.iterations == 30
    assert full_to_trial_ratio(wanted, shot_start_share=0.01) == pytest.approx(1000 / 30)


def test_the_first_frames_of_shots_count_for_what_they_take() -> None:
    assert full_to_trial_ratio(ruder(30, first_iterations=200), shot_start_share=0.1) == pytest.approx(
        (30 + 0.1 * 170) / 30
    )


def test_other_methods_are_tried_as_they_are() -> None:
    settings = Settings()
    assert cap_iterations(settings) is settings
    assert full_to_trial_ratio(settings, shot_start_share=0.1) == 1
