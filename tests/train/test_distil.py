import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from streamstyle.events import Learned
from streamstyle.nets.loss_network import CONVOLUTIONS, LossNetwork
from streamstyle.nets.weights import load_loss_network
from streamstyle.train import distil


def test_channels_that_say_something_new_are_chosen() -> None:
    torch.manual_seed(0)
    ground = torch.rand(500, 3)
    doubled = torch.cat([ground, ground + 1e-3 * torch.rand(500, 3)], 1)
    chosen = distil.choose_channels(doubled, 3)
    assert sorted(int(channel) % 3 for channel in chosen) == [0, 1, 2]


def test_a_channel_that_hardly_ever_speaks_is_passed_over() -> None:
    torch.manual_seed(0)
    activations = torch.rand(500, 4)
    activations[:, 2] = 0
    activations[0, 2] = 1e-3
    assert 2 not in distil.choose_channels(activations, 3)


def test_what_dropped_channels_would_have_said_is_predicted_from_the_kept() -> None:
    torch.manual_seed(0)
    kept = torch.rand(400, 5)
    mixing = torch.randn(8, 5)
    assert torch.allclose(distil.ridge(kept, kept @ mixing.T), mixing, atol=0.05)


def test_distilling_ends_in_a_slim_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The teacher is an untrained network of VGG-16's shape at half of its width."""
    monkeypatch.setattr(distil, "SIDE", 64)
    monkeypatch.setattr(distil, "BATCH", 2)
    torch.manual_seed(0)
    names = [name for block in CONVOLUTIONS for name in block if not name.endswith("_4")]
    widths = {name: max(32, 2 * distil.WIDTHS[name]) for name in names}
    save_file(LossNetwork(widths).state_dict(), tmp_path / "teacher.safetensors")
    (tmp_path / "photos").mkdir()
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "photos" / f"{seed}.png"), cv2.resize(noise, (200, 200)))
    events: list[Learned] = []
    output = tmp_path / "slim.safetensors"
    distil.distil_loss_network(
        tmp_path / "teacher.safetensors", tmp_path / "photos", output, 6, events.append, threading.Event()
    )
    assert len(events) == 6
    slim = load_loss_network(output)
    assert {name: slim.get_submodule(name).out_channels for name in names} == distil.WIDTHS
    assert all(scale > 0 for scale in slim.scales.style.values())
