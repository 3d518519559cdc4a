"""Weights in 8 bits give nearly the activations of the exact ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from streamstyle.errors import StyleError
from streamstyle.models.metadata import LossNetwork, read_metadata
from streamstyle.models.quantised import SCALE_SUFFIX, dequantise, quantise
from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.models.weights import LOSS_NETWORK_ASSETS, load_loss_network
from tools.quantise_vgg import write_quantised

NAMES = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3", "5_1")
LAYERS = (*STYLE_LAYERS, CONTENT_LAYER)


@pytest.fixture
def exact(tmp_path: Path) -> VggFeatures:
    """A random network of VGG-16's depth, saved as exact.safetensors."""
    torch.manual_seed(0)
    network = VggFeatures({f"conv{name}": 24 for name in NAMES})
    for _, convolution in network.convolutions():
        nn.init.kaiming_normal_(convolution.weight)
    save_file(network.state_dict(), tmp_path / "exact.safetensors")
    return network.requires_grad_(False)


@pytest.mark.parametrize("magnitude", [1e-6, 1.0, 300.0])
def test_a_weight_is_off_by_half_a_step_of_its_own_channel_at_most(magnitude: float) -> None:
    weight = magnitude * torch.randn(5, 3, 3, 3) * torch.tensor([0.01, 0.1, 1, 10, 0]).view(-1, 1, 1, 1)
    integers, scale = quantise(weight)
    step = weight.flatten(1).abs().amax(1) / 127
    assert ((dequantise(integers, scale) - weight).abs().flatten(1).amax(1) <= 0.501 * step).all()


def test_activations_of_a_quantised_network_are_within_a_thousandth(tmp_path: Path, exact: VggFeatures) -> None:
    write_quantised(tmp_path / "exact.safetensors", tmp_path / "small.safetensors")
    rounded, image = load_loss_network(tmp_path / "small.safetensors"), torch.rand(1, 3, 48, 64)
    expected, found = exact(image, LAYERS), rounded(image, LAYERS)
    for layer in LAYERS:
        error = (found[layer] - expected[layer]).square().mean() / expected[layer].square().mean()
        assert 0 < error < 1e-3, layer


def test_the_file_is_a_quarter_of_the_exact_one_and_names_its_source(tmp_path: Path, exact: VggFeatures) -> None:
    write_quantised(tmp_path / "exact.safetensors", tmp_path / "small.safetensors")
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("small", "exact")]
    assert sizes[0] < 0.3 * sizes[1]
    metadata = read_metadata(tmp_path / "small.safetensors")
    assert metadata["licence"].startswith("CC BY 4.0")
    assert "exact.safetensors" in metadata["command"]


def test_eight_bits_without_their_scales_are_refused(tmp_path: Path, exact: VggFeatures) -> None:
    state = exact.state_dict()
    state["conv3_1.weight"], _ = quantise(state["conv3_1.weight"])
    save_file(state, tmp_path / "broken.safetensors")
    with pytest.raises(StyleError, match=rf"conv3_1\.weight\{SCALE_SUFFIX} is missing"):
        load_loss_network(tmp_path / "broken.safetensors")


def test_the_built_in_vgg16_is_whole_and_below_eleven_megabytes() -> None:
    network = load_loss_network(builtin=LossNetwork.vgg16)
    assert [module.out_channels for _, module in network.convolutions()] == [
        *[64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512]
    ]
    assets = Path(load_loss_network.__code__.co_filename).parents[1] / "assets"
    assert (assets / LOSS_NETWORK_ASSETS[LossNetwork.vgg16]).stat().st_size < 11e6
    assert sum(file.stat().st_size for file in assets.iterdir()) < 30e6
