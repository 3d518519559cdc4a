"""A run that cannot resume says why, and leaves the partial output as it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from streamstyle.errors import OutputError, StyleError
from streamstyle.events import Finished, Warned
from streamstyle.media.output_names import partial_path
from streamstyle.settings import (
    ConsistencySettings,
    EncoderSettings,
    FlowSettings,
    Method,
    SourceSettings,
    StyleSettings,
)
from tests.films import pan, write_film
from tests.stylise_case import StyliseCase
from tests.video_io import read_video

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize(
    ("changed", "described"),
    [
        ({"style": StyleSettings(style_scale=2)}, "started with --style-scale 1"),
        ({"encoder": EncoderSettings(crf=30)}, "started with --codec ffv1 and --crf 18"),
        ({"consistency": ConsistencySettings(method=Method.live, lookback=(1, 2))}, "started with --lookback 1"),
        ({"consistency": ConsistencySettings(method=Method.consistent, iterations=2)}, "started with --method live"),
        ({"source": SourceSettings(height=48)}, "started with another size"),
        ({"source": SourceSettings(end=1.0)}, "started with another part of the film"),
    ],
)
def test_other_settings_are_refused_unless_restarted(
    tmp_path: Path, case: StyliseCase, changed: dict[str, object], described: str
) -> None:
    output = tmp_path / "film.mkv"
    case.stylise(output, stop_after=5)
    before = partial_path(output).read_bytes()
    with pytest.raises(OutputError) as refused:
        case.with_settings(**changed).stylise(output)
    assert refused.value.problem == f"film.partial.mkv was {described}"
    assert "--restart" in refused.value.next_step
    assert partial_path(output).read_bytes() == before
    ended, _ = case.with_settings(**changed).stylise(output, restart=True)
    assert isinstance(ended, Finished)
    assert ended.resumed_frames == 0


def test_a_video_that_was_replaced_is_refused(tmp_path: Path, case: StyliseCase) -> None:
    video = tmp_path / "film.mkv"
    write_film(video, pan(20, 96, 64).frames)
    replace(case, video=video).stylise(tmp_path / "output.mkv", stop_after=5)
    write_film(video, pan(20, 96, 64, seed=7).frames)
    with pytest.raises(OutputError, match="started with another film"):
        replace(case, video=video).stylise(tmp_path / "output.mkv")


def test_settings_that_change_no_frame_may_differ(tmp_path: Path, case: StyliseCase) -> None:
    case.stylise(tmp_path / "film.mkv", stop_after=5)
    ignored = ConsistencySettings(method=Method.live, iterations=7, style_weight=1.0)
    other = case.with_settings(consistency=ignored, flow=FlowSettings(flow_workers=2))
    ended, _ = other.stylise(tmp_path / "film.mkv")
    assert ended.resumed_frames == 5


def test_another_number_of_threads_is_resumed_with_a_warning(tmp_path: Path, case: StyliseCase) -> None:
    case.with_settings(threads=2).stylise(tmp_path / "film.mkv", stop_after=5)
    _, same = case.with_settings(threads=2).stylise(tmp_path / "film.mkv", stop_after=6)
    ended, other = case.with_settings(threads=1).stylise(tmp_path / "film.mkv")
    assert ended.resumed_frames == 6
    assert [event.message for event in same if isinstance(event, Warned)] == []
    (warning,) = [event.message for event in other if isinstance(event, Warned)]
    assert warning.startswith("6 frames were made on cpu (2 threads, ")
    assert ", the others will be on cpu (1 thread, " in warning


def test_a_restart_that_fails_keeps_the_partial_output(tmp_path: Path, case: StyliseCase) -> None:
    output = tmp_path / "film.mkv"
    case.stylise(output, stop_after=5)
    with pytest.raises(StyleError, match="cannot be blended"):
        case.with_settings(style=StyleSettings(strength=0.5)).stylise(output, restart=True)
    ended, _ = case.stylise(output)
    assert ended.resumed_frames == 5


def test_outputs_in_other_containers_have_their_own_checkpoints(tmp_path: Path, case: StyliseCase) -> None:
    case = case.with_settings(encoder=EncoderSettings(preset="ultrafast"))
    case.stylise(tmp_path / "film.mkv", stop_after=5)
    other, _ = case.stylise(tmp_path / "film.mp4")
    ended, _ = case.stylise(tmp_path / "film.mkv")
    assert (other.resumed_frames, ended.resumed_frames) == (0, 5)


def test_an_output_that_another_run_is_writing_is_refused(tmp_path: Path, case: StyliseCase) -> None:
    output = tmp_path / "film.mkv"
    refused: list[OutputError] = []

    def start_another_run(_: object) -> None:
        if not refused:
            with pytest.raises(OutputError, match=r"another run is writing film\.partial\.mkv") as error:
                case.stylise(output, restart=True)
            refused.append(error.value)

    ended, _ = case.stylise(output, on_frame=start_another_run)
    assert isinstance(ended, Finished)
    assert len(read_video(output)[1]) == 40
