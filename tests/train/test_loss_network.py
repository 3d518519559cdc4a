import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from streamstyle.events import TrainingStep
from streamstyle.models.metadata import read_metadata
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.train import loss_network
from streamstyle.train.image_data import held_out_images, training_images
from streamstyle.train.loss_network import choose_channels, ridge
from streamstyle.train.settings import LossNetworkTrainingSettings


def test_independent_channels_are_chosen() -> None:
    torch.manual_seed(0)
    ground = torch.rand(500, 3)
    doubled = torch.cat([ground, ground + 1e-3 * torch.rand(500, 3)], 1)
    chosen = choose_channels(doubled, 3)
    assert sorted(int(channel) % 3 for channel in chosen) == [0, 1, 2]


def test_a_nearly_silent_channel_is_not_chosen() -> None:
    torch.manual_seed(0)
    activations = torch.rand(500, 4)
    activations[:, 2] = 0
    activations[0, 2] = 1e-3
    assert 2 not in choose_channels(activations, 3)


def test_ridge_predicts_dropped_channels_from_the_kept_ones() -> None:
    torch.manual_seed(0)
    kept = torch.rand(400, 5)
    mixing = torch.randn(8, 5)
    assert torch.allclose(ridge(kept, kept @ mixing.T), mixing, atol=0.05)


@pytest.fixture
def distil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[TrainingStep]]:
    """Return a function that distils an untrained network of VGG-16's shape on a few images of noise."""
    monkeypatch.setattr(loss_network, "CROP_SIDE", 64)
    torch.manual_seed(0)
    widths = {name: max(32, 2 * width) for name, width in loss_network.WIDTHS.items()}
    save_file(VggFeatures(widths).state_dict(), tmp_path / "teacher.safetensors")
    for folder in ("photos", "paintings"):
        (tmp_path / folder).mkdir()
        for seed in range(3):
            noise = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{seed}.png"), cv2.resize(noise, (200, 200)))
    settings = LossNetworkTrainingSettings(tmp_path / "photos", tmp_path / "teacher.safetensors", steps=6, batch=4)

    def run(output: Path, stop: threading.Event | None = None, **changes: Any) -> list[TrainingStep]:
        events: list[TrainingStep] = []
        stop = stop or threading.Event()
        loss_network.distil_loss_network(output, replace(settings, **changes), events.append, stop)
        return events

    return run


@pytest.mark.slow
@pytest.mark.parametrize("painted", [False, True])
def test_distillation_writes_a_slim_network(
    tmp_path: Path, distil: Callable[..., list[TrainingStep]], painted: bool
) -> None:
    output = tmp_path / "slim.safetensors"
    assert len(distil(output, paintings=tmp_path / "paintings" if painted else None)) == 6
    slim = load_loss_network(output)
    widths = loss_network.WIDTHS
    assert {name: slim.get_submodule(name).out_channels for name in widths} == widths
    assert all(scale > 0 for scale in slim.scales.style.values())
    assert ("paintings" in read_metadata(output)["trained_on"]) == painted


@pytest.mark.slow
def test_a_stopped_distillation_resumes(tmp_path: Path, distil: Callable[..., list[TrainingStep]]) -> None:
    output = tmp_path / "slim.safetensors"
    stop = threading.Event()
    stop.set()
    assert [event.step for event in distil(output, stop)] == [1]
    assert not output.exists()
    assert [event.step for event in distil(output)] == [2, 3, 4, 5, 6]
    assert output.exists()
    assert not list(tmp_path.glob("*.learning.safetensors"))


def test_one_image_in_twenty_is_held_out() -> None:
    paths = [Path(f"{number:03}.png") for number in range(100)]
    assert len(held_out_images(paths)) == 5
    assert sorted(held_out_images(paths) + training_images(paths)) == paths
    assert training_images(paths[:5]) == paths[:5]
