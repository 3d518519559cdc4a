from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from streamstyle.errors import StyleError
from streamstyle.models.metadata import read_metadata
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.vgg import VggFeatures
from streamstyle.models.weights import load_loss_network, load_style_net, save_weights, style_metadata

CONFIG = StyleNetConfig(width=8, blocks=2, half_ends=True)
VGG19 = ("1_1", "1_2", "2_1", "2_2", *(f"{block}_{i}" for block in (3, 4) for i in (1, 2, 3, 4)), "5_1", "5_2")


def test_a_saved_style_loads_unchanged(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, path = StyleNet(CONFIG), tmp_path / "style.safetensors"
    save_weights(path, network, style_metadata(network, name="stripes"))
    loaded, picture = load_style_net(path), torch.rand(1, 3, 32, 32)
    assert loaded.config == CONFIG
    assert torch.allclose(loaded(picture), network(picture), atol=0.01)  # weights are kept in half precision
    assert read_metadata(path)["name"] == "stripes"
    assert [file.name for file in tmp_path.iterdir()] == ["style.safetensors"]


def test_the_built_in_loss_network_is_small_and_has_scales() -> None:
    network = load_loss_network()
    assert sum(parameter.numel() for parameter in network.parameters()) < 600_000
    assert network.scales.perceptual > 0


def test_a_loss_network_is_not_loaded_as_a_style() -> None:
    asset = Path(load_style_net.__code__.co_filename).parents[1] / "assets" / "loss_network.safetensors"
    with pytest.raises(StyleError, match="is not a style"):
        load_style_net(asset)


def test_vgg19_is_loaded_with_its_extra_layers(tmp_path: Path) -> None:
    widths = {f"conv{name}": 4 for name in VGG19[:-1]}
    state = {
        **VggFeatures(widths).state_dict(),
        "conv5_2.weight": torch.zeros(4, 4, 3, 3),
        "conv5_2.bias": torch.zeros(4),
    }
    save_file(state, tmp_path / "vgg19.safetensors")
    network = load_loss_network(tmp_path / "vgg19.safetensors")
    assert network.get_submodule("conv4_4") is not None
    assert network.scales.perceptual == 1


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"\xff" * 100])
def test_the_error_for_a_damaged_weights_file_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    for load in (load_style_net, load_loss_network):
        with pytest.raises(StyleError, match=r"broken\.safetensors"):
            load(path)


def test_weights_that_do_not_fit_the_metadata_are_refused(tmp_path: Path) -> None:
    network, path = StyleNet(CONFIG), tmp_path / "style.safetensors"
    save_weights(path, network, style_metadata(StyleNet(StyleNetConfig(width=4, blocks=2))))
    with pytest.raises(StyleError, match="do not fit"):
        load_style_net(path)
