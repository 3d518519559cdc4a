from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamstyle.cli.run_arguments import parse_run_arguments
from streamstyle.errors import SettingsError
from streamstyle.media.probe import probe
from streamstyle.models.metadata import read_metadata
from streamstyle.models.weights import load_style_net
from streamstyle.settings import Device, SourceSettings
from streamstyle.styles.adaptation import Adaptation, adapted_path, find_adapted
from streamstyle.styles.blending import weight_cosine
from streamstyle.styles.keyframes import Keyframe
from streamstyle.styles.spec import StyleBlend, parse_style
from streamstyle.train.adaptation import adapt_style
from streamstyle.train.film_images import read_film_images
from tests.films import write_film
from tests.train.listener import Listener

SOURCE = SourceSettings(height=48)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    frames = [np.full((48, 64, 3), 5 * index, np.uint8) for index in range(12)]
    return write_film(tmp_path / "film.mkv", frames)


@pytest.fixture(autouse=True)
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamstyle.styles.adaptation.data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr("streamstyle.styles.adaptation.MIN_SECONDS", 0.01)


def adapt(film: Path, blend: StyleBlend, listener: Listener, seconds: float = 0.01) -> StyleBlend | None:
    return adapt_style(Adaptation(film, SOURCE, blend, seconds), Device.cpu, listener.observe, listener.stop)


@pytest.mark.slow
def test_a_style_is_adapted_once_and_found_again(film: Path) -> None:
    wave = parse_style("wave")
    assert find_adapted(Adaptation(film, SOURCE, wave, 0.01)) is None
    first, second = Listener(), Listener()
    adapted = adapt(film, wave, first)
    assert adapted is not None
    assert adapted.name == "wave"
    assert first.events
    change = weight_cosine(load_style_net(adapted.parts[0].path), load_style_net(wave.parts[0].path))
    assert 0.99 < change < 1, "trained on, from the style"
    metadata = read_metadata(adapted.parts[0].path)
    assert metadata["trained_on"] == "12 frames of film.mkv and procedural pictures"
    assert adapt(film, wave, second) == adapted
    assert not second.events


@pytest.mark.slow
def test_an_adaptation_that_was_stopped_resumes(film: Path) -> None:
    wave, listener = parse_style("wave"), Listener(stop_after=1)
    assert adapt(film, wave, listener, seconds=1000) is None
    assert find_adapted(Adaptation(film, SOURCE, wave, 1000)) is None
    resumed = Listener(stop_after=1)
    assert adapt(film, wave, resumed, seconds=1000) is None
    assert [event.step for event in resumed.events] == [2]


def test_an_adapted_style_is_kept_for_the_film_the_size_the_style_and_the_time(film: Path, tmp_path: Path) -> None:
    other = write_film(tmp_path / "other.mkv", [np.zeros((48, 64, 3), np.uint8)])
    wave, scream = parse_style("wave"), parse_style("the_scream")
    painting = tmp_path / "painting.png"
    painting.write_bytes(b"painting")
    cases = [
        Adaptation(film, SOURCE, wave, 60),
        Adaptation(other, SOURCE, wave, 60),
        Adaptation(film, SourceSettings(), wave, 60),
        Adaptation(film, SOURCE, scream, 60),
        Adaptation(film, SOURCE, wave, 61),
        Adaptation(film, SOURCE, wave, 60, (Keyframe(0.2, painting),)),
        Adaptation(film, SOURCE, wave, 60, (Keyframe(0.3, painting),)),
    ]
    paths = [adapted_path(case) for case in cases]
    assert len(set(paths)) == len(cases)
    assert adapted_path(replace(cases[0], source=replace(SOURCE, start=1.0))) == paths[0], "for a sample, too"
    painting.write_bytes(b"painted over")
    assert adapted_path(cases[-1]) != paths[-1]


def test_the_arguments_of_a_run_name_the_adapted_style_once_it_exists(film: Path) -> None:
    arguments = [str(film), "--style", "wave", "--height", "48", "--adapt", "5m"]
    wave = parse_style("wave")
    assert parse_run_arguments(arguments).blend == wave
    kept = adapted_path(Adaptation(film, SOURCE, wave, 300))
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"")
    assert parse_run_arguments(arguments).blend.parts[0].path == kept


@pytest.mark.parametrize(("style", "time"), [("wave:0.5,the_scream:0.5", "5m"), ("wave", "0s")])
def test_what_cannot_be_adapted_is_refused(film: Path, style: str, time: str) -> None:
    with pytest.raises(SettingsError, match="--adapt"):
        parse_run_arguments([str(film), "--style", style, "--adapt", time])


def test_the_images_are_spread_over_the_film(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamstyle.train.film_images.MAX_IMAGES", 4)
    video = probe(film, SOURCE)

    def levels() -> list[int]:
        return [round(float(image.mean()) / 5) for image in read_film_images(video).images]

    assert levels() == [0, 3, 6, 9]
    monkeypatch.setattr("streamstyle.train.film_images.MAX_DECODED", 5)
    assert levels() == pytest.approx([1, 4, 7, 10], abs=1), "found by seeking, as in a long film"


def test_crops_are_cut_at_about_the_size_of_the_film(film: Path) -> None:
    images = read_film_images(probe(film, SOURCE))
    crops = images.crops(32, seed=0)
    assert {next(crops).shape for _ in range(5)} == {(32, 32, 3)}
