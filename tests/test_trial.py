"""What a trial stands for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streamstyle import trial
from streamstyle.looks import BlendPart, Look, LookKey, Looks, Stretch, StyleBlend
from streamstyle.media.probe import probe
from streamstyle.settings import ConsistencySettings, Method, RuderSettings, Settings, SourceSettings
from streamstyle.trial import TrialRun, cap_iterations, full_to_trial_ratio
from streamstyle.video_info import VideoInfo
from tests.films import flat, write_film

pytestmark = pytest.mark.usefixtures("home")

LOOK = Look(StyleBlend("any", (BlendPart(Path("any.safetensors")),)), strength=0.0)


def script(*methods: tuple[float, Method]) -> Settings:
    """A script whose method changes at these times; every frame stays as it is."""
    return Settings(script=Looks(tuple(Stretch((LookKey(time, LOOK),), method=method) for time, method in methods)))


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


def test_each_method_of_a_script_is_measured_at_its_longest_stretch_and_weighed_by_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100 frames, johnson has 10 and 50, live 40; of the long stretches the second half is tried."""
    video = probe(write_film(tmp_path / "film.mkv", flat((90, 90, 90), 100, 32, 32)), SourceSettings())
    tried = list[tuple[float, float]]()

    def run_trial(part: VideoInfo, *_: object) -> TrialRun:
        assert part.end_pts is not None
        tried.append((part.film_time(part.start_pts), part.film_time(part.end_pts)))
        return TrialRun(*{3.0: (0.1, 9, 400, 10), 1.2: (1.0, 4, 800, 20)}[tried[-1][0]])

    monkeypatch.setattr(trial, "run_trial", run_trial)
    settings = script((0, Method.johnson), (0.4, Method.live), (2, Method.johnson))
    mean = trial.run_trials(video, ".mkv", LOOK.style, settings)
    assert tried == [(3, 4), (1.2, 2)]
    assert mean.frames == 13
    assert mean.seconds == pytest.approx(0.6 * 0.1 + 0.4 * 1.0)
    assert mean.key_bytes == pytest.approx(0.6 * 400 + 0.4 * 800)
    assert mean.bytes == pytest.approx(0.6 * 10 + 0.4 * 20)


@pytest.mark.parametrize(("start", "frames"), [(0.0, 6 + 6), (0.12, 3 + 6), (0.2, 6)])
def test_a_trial_ends_with_the_stretch_and_a_method_without_two_frames_has_none(
    tmp_path: Path, start: float, frames: int
) -> None:
    source = SourceSettings(start=start)
    video = probe(write_film(tmp_path / "film.mkv", flat((90, 90, 90), 12, 32, 32)), source)
    settings = replace(script((0, Method.johnson), (0.24, Method.live)), source=source)
    reported = list[int]()
    mean = trial.run_trials(video, ".mkv", LOOK.style, settings, lambda known: reported.append(known.frames))
    assert mean.frames == frames
    assert reported == list(range(1, frames + 1))
    assert mean.seconds > 0
