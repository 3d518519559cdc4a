from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from streamstyle.errors import SettingsError, StyleError
from streamstyle.events import StyleTrained, TrainingStep, TrainingStopped
from streamstyle.media.images import read_image
from streamstyle.models import weights as weights_module
from streamstyle.models.metadata import LossNetwork, NetworkShape, read_bytes, read_metadata
from streamstyle.models.style_net import SEPARABLE, SHAPES
from streamstyle.models.weights import LOSS_NETWORK_ASSETS, load_style_net
from streamstyle.settings import Device
from streamstyle.styles.blending import net_from_image, weight_cosine
from streamstyle.train.settings import StyleTrainingSettings
from streamstyle.train.style import Start, StartFrom, train_style
from tests.train.listener import Listener

SLIM = Path(weights_module.__file__).parents[1] / "assets" / LOSS_NETWORK_ASSETS[LossNetwork.slim]
QUICK = StyleTrainingSettings(steps=30, batch=1, crop=64, style_size=64, loss_network=SLIM)


@pytest.fixture
def stripes(tmp_path: Path) -> Path:
    image = np.zeros((96, 96, 3), np.uint8)
    image[:, (np.arange(96) // 6) % 2 == 0] = (30, 60, 230)
    cv2.imwrite(str(tmp_path / "stripes.png"), image)
    return tmp_path / "stripes.png"


def learn(
    image: Path,
    weights: Path,
    settings: StyleTrainingSettings,
    stop_after: int | None = None,
    start: Start = StartFrom.style_predictor,
) -> list[TrainingStep]:
    listener = Listener(stop_after)
    train_style(image, weights, settings, Device.cpu, listener.observe, listener.stop, start)
    return listener.events


@pytest.mark.slow
def test_training_lowers_the_loss_and_records_its_provenance(stripes: Path, tmp_path: Path) -> None:
    weights = tmp_path / "stripes.safetensors"
    events = learn(stripes, weights, replace(QUICK, steps=40), start=StartFrom.noise)
    losses = [event.loss for event in events]
    assert [event.step for event in events] == list(range(1, 41))
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    assert load_style_net(weights).config == SEPARABLE
    assert (read_bytes(weights, "thumbnail") or b"")[:2] == b"\xff\xd8", "a JPEG"
    metadata = read_metadata(weights)
    assert metadata["name"] == "stripes"
    assert metadata["trained_on"] == "procedural pictures"
    assert metadata["command"].startswith("streamstyle learn stripes.png --steps 40")


@pytest.mark.slow
def test_an_interrupted_training_resumes(stripes: Path, tmp_path: Path) -> None:
    weights, settings = (
        tmp_path / "stripes.safetensors",
        StyleTrainingSettings(steps=6, batch=1, crop=64, style_size=64),
    )
    assert len(learn(stripes, weights, settings, stop_after=4)) == 4
    assert not weights.exists()
    assert [event.step for event in learn(stripes, weights, settings)] == [5, 6]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stripes.png", "stripes.safetensors"]


@pytest.mark.slow
def test_the_last_event_says_whether_training_finished_or_stopped(stripes: Path, tmp_path: Path) -> None:
    weights, settings = tmp_path / "styles" / "stripes.safetensors", replace(QUICK, steps=3)
    stopped, finished = Listener(stop_after=2), Listener()
    assert not train_style(stripes, weights, settings, Device.cpu, stopped.observe, stopped.stop)
    assert stopped.others == [TrainingStopped("stripes", 2)]
    assert train_style(stripes, weights, settings, Device.cpu, finished.observe, finished.stop)
    assert finished.others == [StyleTrained("stripes", str(stripes), str(weights), finished.events[-1].elapsed)]


@pytest.mark.slow
def test_the_log_of_a_training_is_kept(stripes: Path, tmp_path: Path) -> None:
    learn(stripes, tmp_path / "stripes.safetensors", QUICK)
    header, line = (tmp_path / "stripes.learning.csv").read_text().splitlines()
    assert header == "step,seconds,loss"
    assert line.startswith("20,")


@pytest.mark.slow
def test_training_starts_from_the_style_predictor_or_from_noise(stripes: Path, tmp_path: Path) -> None:
    guess = net_from_image(read_image(stripes))
    for start, like in ((StartFrom.style_predictor, True), (StartFrom.noise, False)):
        weights = tmp_path / f"{start}.safetensors"
        learn(stripes, weights, QUICK, stop_after=1, start=start)
        after_a_step = load_style_net(weights.with_name(f"{start}.learning.safetensors"))
        assert (weight_cosine(after_a_step, guess) > 0.99) == like


@pytest.mark.slow
def test_training_by_minutes_ends_after_that_time(stripes: Path, tmp_path: Path) -> None:
    settings = replace(QUICK, minutes=0.05)
    events = learn(stripes, tmp_path / "stripes.safetensors", settings)
    assert events[-1].elapsed >= 3
    assert all(event.elapsed < 3 for event in events[:-1])
    assert events[-1].step == events[-1].steps


def test_the_error_for_a_style_image_that_is_not_one_names_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(StyleError, match=r"notes\.txt is not an image"):
        learn(tmp_path / "notes.txt", tmp_path / "out.safetensors", QUICK)


@pytest.mark.slow
def test_the_published_shape_can_be_trained_from_noise_only(stripes: Path, tmp_path: Path) -> None:
    weights, settings = tmp_path / "large.safetensors", replace(QUICK, steps=1, shape=NetworkShape.published)
    with pytest.raises(StyleError, match="no built-in style predictor of the shape published"):
        learn(stripes, weights, settings)
    learn(stripes, weights, settings, start=StartFrom.noise)
    assert load_style_net(weights).config == SHAPES[NetworkShape.published]
    assert "--shape published" in read_metadata(weights)["command"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "option"), [({"loss_network": SLIM}, "--loss-network"), ({"palette_weight": 0.0}, "--palette-weight")]
)
def test_a_setting_of_the_loss_is_refused_with_a_teacher(changes: dict[str, Any], option: str) -> None:
    with pytest.raises(SettingsError, match=f"{option} .* with --teacher"):
        StyleTrainingSettings(teacher=Path("wave.safetensors"), **changes)


def test_a_network_of_another_shape_imitates_a_teacher(stripes: Path, tmp_path: Path) -> None:
    teacher, student = tmp_path / "teacher.safetensors", tmp_path / "student.safetensors"
    learn(stripes, teacher, replace(QUICK, steps=1, shape=NetworkShape.dense, title="Stripes"))
    events = learn(teacher, student, StyleTrainingSettings(steps=60, batch=1, crop=64, teacher=teacher))
    losses = [event.loss for event in events]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])
    assert load_style_net(student).config == SEPARABLE
    metadata = read_metadata(student)
    assert metadata["command"].endswith("--teacher teacher.safetensors")
    assert "--style-weight" not in metadata["command"]
    assert metadata["previous_training"] == read_metadata(teacher)["command"]
    assert metadata["title"] == "Stripes"
    for image in ("thumbnail", "style_image"):
        assert read_bytes(student, image) == read_bytes(teacher, image), "not compressed a second time"


@pytest.mark.slow
def test_a_style_started_from_another_records_its_provenance(stripes: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{name}.safetensors" for name in ("first", "second", "third"))
    learn(stripes, first, replace(QUICK, steps=1))
    learn(stripes, second, replace(QUICK, steps=1), start=first)
    assert "--start first" in read_metadata(second)["command"]
    assert read_metadata(second)["previous_training"] == read_metadata(first)["command"]
    learn(stripes, third, replace(QUICK, steps=1), start=second)
    commands = [read_metadata(each)["command"] for each in (first, second)]
    assert read_metadata(third)["previous_training"] == " && ".join(commands)
