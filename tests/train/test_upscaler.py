"""Training of the upscaler, from folders of images to a weights file."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import torch
import torch.nn.functional as F

from streamstyle.events import TrainingStep
from streamstyle.models.metadata import read_metadata
from streamstyle.models.upscaler import UpscalerConfig
from streamstyle.models.weights import load_upscaler
from streamstyle.ops.image import to_tensor
from streamstyle.settings import Device
from streamstyle.styles.library import builtin_styles
from streamstyle.train.augment import downscale, soften
from streamstyle.train.image_data import procedural_crops
from streamstyle.train.settings import UpscalerTrainingSettings
from streamstyle.train.upscaler import charbonnier_loss, train_upscaler
from tests.train.listener import Listener


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, picture in zip(range(3), procedural_crops(96, seed=1), strict=False):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


def unseen() -> torch.Tensor:
    return to_tensor(next(procedural_crops(96, seed=9)))[None]


def learn(pictures: Path, output: Path, steps: int, stop_after: int | None = None) -> list[TrainingStep]:
    settings = UpscalerTrainingSettings(pictures, pictures, steps=steps, batch=3, crop=64, learning_rate=4e-3)
    listener = Listener(stop_after)
    styles = [style.path for style in builtin_styles()][:1]
    train_upscaler(output, styles, settings, Device.cpu, listener.observe, listener.stop)
    return listener.events


@pytest.mark.slow
def test_a_trained_upscaler_is_better_than_bicubic(pictures: Path, tmp_path: Path) -> None:
    output = tmp_path / "upscaler.safetensors"
    assert [event.step for event in learn(pictures, output, steps=60)] == list(range(1, 61))
    network, target = load_upscaler(output).requires_grad_(False), unseen()
    small = soften(F.avg_pool2d(target, 2), 0.15)
    bicubic = F.interpolate(small, scale_factor=2.0, mode="bicubic", antialias=True)
    assert float(charbonnier_loss(network(small), target)) < 0.98 * float(
        charbonnier_loss(bicubic, target)
    )  # 0.95; at first it is the same
    assert network.config == UpscalerConfig()
    metadata = read_metadata(output)
    assert metadata["command"].startswith(
        "streamstyle train upscaler --photos pictures --paintings pictures --steps 60"
    )
    assert metadata["trained_on"].startswith("3 photos painted in composition_vii, 3 paintings")


@pytest.mark.slow
def test_an_interrupted_training_resumes(pictures: Path, tmp_path: Path) -> None:
    output = tmp_path / "upscaler.safetensors"
    assert len(learn(pictures, output, steps=6, stop_after=4)) == 4
    assert not output.exists()
    assert [event.step for event in learn(pictures, output, steps=6)] == [5, 6]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "upscaler.safetensors"]


def test_downscaling_keeps_colours_and_softens_edges() -> None:
    torch.manual_seed(0)
    stripes = (torch.arange(64) // 4 % 2).float().expand(2, 3, 64, 64)
    for _ in range(8):
        small = downscale(stripes)
        assert small.shape == (2, 3, 32, 32)
        assert float((small.mean((2, 3)) - 0.5).abs().max()) < 0.01
    assert float(soften(small, 0.25).diff(dim=-1).abs().max()) < float(small.diff(dim=-1).abs().max())


def test_an_edge_error_costs_more_than_a_colour_error() -> None:
    target = torch.zeros(1, 3, 8, 16)
    colour, edges = torch.full_like(target, 0.1), 0.2 * (torch.arange(16) % 2).expand_as(target)
    assert float(charbonnier_loss(target, target)) < 0.005
    assert float(charbonnier_loss(edges, target)) > 2 * float(charbonnier_loss(colour, target))
