"""Weights files from anywhere: each is loaded or refused in one line, before memory is asked for."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from streamstyle.errors import StyleError
from streamstyle.models.style_net import StyleNet, StyleNetConfig
from streamstyle.models.style_predictor import StylePredictor
from streamstyle.models.upscaler import Upscaler, UpscalerConfig
from streamstyle.models.vgg import CONVOLUTIONS, LossScales, VggFeatures
from streamstyle.models.weights import (
    load_loss_network,
    load_style_net,
    load_style_predictor,
    load_upscaler,
    style_metadata,
    style_predictor_metadata,
    upscaler_metadata,
)

CONFIG = StyleNetConfig(width=8, blocks=1, half_ends=True)
SCALES = LossScales()


def vgg() -> VggFeatures:
    return VggFeatures({name: 4 for block in CONVOLUTIONS for name in block})


def style_metadata_of(**network: object) -> dict[str, str]:
    return {"kind": "style", "network": json.dumps(network)}


KINDS: dict[str, tuple[Callable[[Path], nn.Module], Callable[[], nn.Module], dict[str, str]]] = {
    "style": (load_style_net, lambda: StyleNet(CONFIG), style_metadata(StyleNet(CONFIG))),
    "style predictor": (
        load_style_predictor,
        lambda: StylePredictor(CONFIG, 12),
        style_predictor_metadata(StylePredictor(CONFIG, 12)),
    ),
    "loss network": (load_loss_network, vgg, {"kind": "loss_network", "scales": SCALES.to_json()}),
    "upscaler": (
        load_upscaler,
        lambda: Upscaler(UpscalerConfig(8, 1)),
        upscaler_metadata(Upscaler(UpscalerConfig(8, 1))),
    ),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "given.safetensors"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def write(path: Path, kind: str, change: Callable[[dict[str, Tensor]], None] | None = None) -> None:
    """Write a file of a kind, with its tensors changed."""
    _, create, metadata = KINDS[kind]
    state = {name: tensor.clone() for name, tensor in create().state_dict().items()}
    if change:
        change(state)
    save_file(state, path, metadata)


def refusal(path: Path, kind: str) -> StyleError:
    with pytest.raises(StyleError) as caught:
        KINDS[kind][0](path)
    assert str(path) in caught.value.problem
    assert "\n" not in str(caught.value)
    assert caught.value.next_step
    return caught.value


def some_convolution(state: dict[str, Tensor]) -> str:
    return next(name for name, tensor in state.items() if tensor.ndim == 4)


def test_a_whole_file_is_loaded(path: Path, kind: str) -> None:
    write(path, kind)
    loaded = KINDS[kind][0](path)
    assert all(torch.isfinite(tensor).all() for tensor in loaded.state_dict().values())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_a_weight_that_is_not_finite_is_refused(path: Path, kind: str, value: float) -> None:
    def change(state: dict[str, Tensor]) -> None:
        state[some_convolution(state)].view(-1)[-1] = value

    write(path, kind, change)
    assert "not finite" in refusal(path, kind).problem


def test_a_tensor_of_another_shape_type_or_name_is_refused(path: Path, kind: str) -> None:
    def reshape(state: dict[str, Tensor]) -> None:
        name = some_convolution(state)
        state[name] = state[name][..., :-1].clone()

    def retype(state: dict[str, Tensor]) -> None:
        name = some_convolution(state)
        state[name] = state[name].long()

    def rename(state: dict[str, Tensor]) -> None:
        name = some_convolution(state)
        state[f"{name}s"] = state.pop(name)

    for change in (reshape, retype, rename):
        write(path, kind, change)
        refusal(path, kind)


@pytest.mark.parametrize("fraction", [0, 0.001, 0.01, 0.5, 0.999])
def test_half_a_download_is_refused_as_damaged(path: Path, kind: str, fraction: float) -> None:
    write(path, kind)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    assert "damaged" in refusal(path, kind).problem


def test_a_missing_file_a_folder_and_a_pipe_are_called_that(path: Path, kind: str) -> None:
    assert "there is no weights file" in refusal(path, kind).problem
    path.mkdir()
    assert "is a folder" in refusal(path, kind).problem
    path.rmdir()
    os.mkfifo(path)
    assert "is a pipe" in refusal(path, kind).problem


def test_a_header_of_petabytes_is_not_read(path: Path, kind: str) -> None:
    path.write_bytes((1 << 60).to_bytes(8, "little") + b"{}")
    assert "header" in refusal(path, kind).problem


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"width": 1_000_000}, "width = 1000000"),
        ({"width": -8}, "from 4 to 256"),
        ({"width": 10}, "a multiple of 4"),
        ({"width": 16.0}, "width = 16.0"),
        ({"width": True}, "width = true"),
        ({"width": "16"}, 'width = "16"'),
        ({"width": None}, "width = null"),
        ({"blocks": 100_000}, "from 0 to 64"),
        ({"blocks": 1e308}, "blocks"),
        ({"half_ends": 1}, "true or false"),
        ({"depth": 3}, "another version"),
        ({"width": [[8]] * 99}, "width"),
    ],
)
def test_a_network_outside_the_bounds_is_refused(path: Path, network: dict[str, object], words: str) -> None:
    save_file({"x": torch.zeros(1)}, path, style_metadata_of(**network))
    assert words in refusal(path, "style").problem


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "[" * 100_000, '{"width":' * 50_000, "NaN", '{"width": NaN}', "9" * 9999]
)
def test_metadata_that_is_no_such_object_is_refused(path: Path, text: str) -> None:
    for kind, key in (("style", "network"), ("upscaler", "network"), ("style predictor", "network")):
        save_file({"x": torch.zeros(1)}, path, {**KINDS[kind][2], key: text})
        refusal(path, kind)
    write(path, "loss network")
    save_file(vgg().state_dict(), path, {"scales": text})
    refusal(path, "loss network")


@pytest.mark.parametrize("scale", [0, -1, float("inf"), float("nan"), "1", None])
def test_scales_of_a_loss_network_are_positive_numbers(path: Path, scale: object) -> None:
    style = {**SCALES.style, "relu3_1": scale}
    for scales in ({"perceptual": 1.0, "style": style}, {"perceptual": scale, "style": dict(SCALES.style)}):
        save_file(vgg().state_dict(), path, {"scales": json.dumps(scales)})
        refusal(path, "loss network")


def test_a_loss_network_without_a_layer_that_is_read_is_refused(path: Path) -> None:
    state = {name: tensor for name, tensor in vgg().state_dict().items() if not name.startswith("conv4_2")}
    save_file(state, path)
    assert "not a VGG network" in refusal(path, "loss network").problem


@pytest.mark.parametrize("missing", ["conv3_3.weight", "conv3_3.bias"])
def test_half_a_layer_is_not_taken_for_a_missing_one(path: Path, missing: str) -> None:
    write(path, "loss network", lambda state: state.__delitem__(missing))
    refusal(path, "loss network")


def test_a_network_much_larger_than_the_file_takes_no_memory(path: Path) -> None:
    save_file({"x": torch.zeros(1)}, path, style_metadata_of(width=256, blocks=8))  # 600 MB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "do not fit" in refusal(path, "style").problem
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes
