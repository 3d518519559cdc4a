from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from streamstyle.events import TrainingStep
from streamstyle.models import weights
from streamstyle.models.metadata import LossNetwork, read_metadata
from streamstyle.models.weights import LOSS_NETWORK_ASSETS, load_style_predictor
from streamstyle.settings import Device
from streamstyle.train.settings import StylePredictorTrainingSettings
from streamstyle.train.style_predictor import train_style_predictor
from tests.train.listener import Listener

SLIM = Path(weights.__file__).parents[1] / "assets" / LOSS_NETWORK_ASSETS[LossNetwork.slim]


@pytest.fixture
def settings(tmp_path: Path) -> StylePredictorTrainingSettings:
    """Four photos and four paintings, each of one colour and some grain."""
    random = np.random.default_rng(0)
    for folder in ("photos", "paintings"):
        (tmp_path / folder).mkdir()
        for number in range(4):
            picture = random.integers(0, 256, 3) + random.normal(0, 20, (96, 96, 3))
            cv2.imwrite(str(tmp_path / folder / f"{number}.png"), picture.clip(0, 255).astype(np.uint8))
    return StylePredictorTrainingSettings(tmp_path / "photos", tmp_path / "paintings", SLIM, steps=24, batch=2, crop=64)


def train(
    output: Path, settings: StylePredictorTrainingSettings, stop_after: int | None = None, start: Path | None = None
) -> list[TrainingStep]:
    listener = Listener(stop_after)
    train_style_predictor(output, settings, Device.cpu, listener.observe, listener.stop, start)
    return listener.events


@pytest.mark.slow
def test_training_lowers_the_loss_and_records_its_provenance(
    tmp_path: Path, settings: StylePredictorTrainingSettings
) -> None:
    losses = [event.loss for event in train(tmp_path / "predictor.safetensors", settings)]
    assert np.mean(losses[-6:]) < 0.9 * np.mean(losses[:6])
    assert load_style_predictor(tmp_path / "predictor.safetensors").mean.abs().sum() > 0
    metadata = read_metadata(tmp_path / "predictor.safetensors")
    assert metadata["trained_on"] == "4 photos and 4 paintings"
    assert metadata["command"].startswith("streamstyle train style-predictor --steps 24")


@pytest.mark.slow
def test_imitating_a_predictor_lowers_the_difference(tmp_path: Path, settings: StylePredictorTrainingSettings) -> None:
    teacher = tmp_path / "teacher.safetensors"
    train(teacher, replace(settings, steps=1))
    losses = [
        event.loss
        for event in train(tmp_path / "student.safetensors", replace(settings, loss_network=None, teacher=teacher))
    ]
    assert np.mean(losses[-6:]) < 0.9 * np.mean(losses[:6])
    assert "--teacher teacher.safetensors" in read_metadata(tmp_path / "student.safetensors")["command"]


@pytest.mark.slow
def test_an_interrupted_training_resumes(tmp_path: Path, settings: StylePredictorTrainingSettings) -> None:
    output = tmp_path / "predictor.safetensors"
    assert len(train(output, settings, stop_after=5)) == 5
    assert not output.exists()
    assert (tmp_path / "predictor.learning.jpg").exists(), "a preview"
    assert [event.step for event in train(output, settings)] == list(range(6, 25))
    assert not (tmp_path / "predictor.learning.safetensors").exists()


@pytest.mark.slow
def test_training_from_a_predictor_starts_with_its_weights(
    tmp_path: Path, settings: StylePredictorTrainingSettings
) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    train(first, settings)
    train(second, replace(settings, steps=1, learning_rate=1e-9), start=first)
    before, after = load_style_predictor(first).state_dict(), load_style_predictor(second).state_dict()
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    assert read_metadata(second)["previous_training"] == read_metadata(first)["command"]
