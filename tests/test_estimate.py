"""What a trial stands for."""

from __future__ import annotations

from typing import Any

import pytest

from streamstyle.estimate import cap_iterations, full_to_trial_ratio
from streamstyle.settings import ConsistencySettings, Method, RuderSettings, Settings


def ruder(iterations: int, **settings: Any) -> Settings:
    return Settings(
        consistency=ConsistencySettings(method=Method.ruder, iterations=iterations), ruder=RuderSettings(**settings)
    )


def test_a_trial_of_ruder_runs_thirty_iterations_and_scales_its_time() -> None:
    settings = ruder(1000, first_iterations=0)
    assert cap_iterations(settings).consistency.iterations == 30
    assert full_to_trial_ratio(settings, shot_start_share=0.01) == pytest.approx(1000 / 30)


def test_first_frames_of_shots_count_with_their_own_iterations() -> None:
    assert full_to_trial_ratio(ruder(30, first_iterations=200), shot_start_share=0.1) == pytest.approx(
        (30 + 0.1 * 170) / 30
    )


def test_a_trial_of_other_methods_uses_their_own_settings() -> None:
    settings = Settings()
    assert cap_iterations(settings) is settings
    assert full_to_trial_ratio(settings, shot_start_share=0.1) == 1
