"""A film with sound and a style, small enough to be compared often."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from streamstyle.nets.transformer import TransformerConfig, TransformerNet
from streamstyle.nets.weights import save_weights, style_metadata
from tests.films import cut, moving_square, pan, write_film


@pytest.fixture
def style(tmp_path: Path) -> Path:
    """A style that nobody has trained: it paints nonsense, but always the same."""
    torch.manual_seed(0)
    network = TransformerNet(TransformerConfig(width=4, blocks=1, half_ends=True))
    torch.nn.init.normal_(network.layers[-1][1].weight, std=0.5)  # strong colours, or nothing would flicker
    save_weights(path := tmp_path / "nonsense.safetensors", network, style_metadata(network, name="nonsense"))
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A pan of 7 frames, and after a cut a moving square of 5, with sound."""
    scene = cut(pan(frames=7), moving_square(frames=5, seed=5))
    return write_film(tmp_path / "film.mkv", scene.frames, audio=True)
