"""How well the loss networks predict VGG-16's activations, on held-out images."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.report import Report, Row
from streamstyle.models.metadata import LossNetwork
from streamstyle.models.vgg import CONTENT_LAYER, STYLE_LAYERS, VggFeatures
from streamstyle.models.weights import load_loss_network
from streamstyle.train.image_data import held_out_images, list_images, next_batch, photo_crops
from streamstyle.train.loss_network import ridge, sample_positions

LAYERS = (*STYLE_LAYERS[:-1], CONTENT_LAYER, STYLE_LAYERS[-1])
PICTURES = 36
SIDE = 160


def test_loss_network(pytestconfig: pytest.Config, report: Report) -> None:
    """The relative squared error of VGG-16's activations as the best linear function of another network's.

    The function is fitted on one set of pictures and tried on another; both are held out by `train loss-network`.
    """
    option = pytestconfig.getoption
    folders = {name: option(f"--{name}") for name in ("photos", "paintings")}
    if option("--vgg") is None or None in folders.values():
        pytest.skip("give --vgg FILE, --photos FOLDER and --paintings FOLDER")
    vgg = load_loss_network(option("--vgg"))
    rows: list[Row] = []
    for kind, folder in folders.items():
        fitted, tried = _pictures(folder)
        for builtin in LossNetwork:
            errors = _errors(vgg, load_loss_network(builtin=builtin), fitted, tried)
            rows.append({"": f"{builtin}, {kind}", **errors})
            assert all(error < 1 for error in errors.values()), "better than a constant prediction"
    report.show("Relative error of VGG-16's activations", rows)


def _pictures(folder: Path) -> tuple[Tensor, Tensor]:
    crops = map(torch.from_numpy, photo_crops(held_out_images(list_images(folder)), SIDE, seed=0))
    cpu = torch.device("cpu")
    return next_batch(crops, PICTURES, cpu), next_batch(crops, PICTURES, cpu)


def _errors(vgg: VggFeatures, other: VggFeatures, fitted: Tensor, tried: Tensor) -> dict[str, float]:
    with torch.no_grad():
        full, full_tried = vgg(fitted, LAYERS), vgg(tried, LAYERS)
        told, told_tried = other(fitted, LAYERS), other(tried, LAYERS)
    errors: dict[str, float] = {}
    for name in LAYERS:
        guess = sample_positions(told_tried[name]) @ ridge(sample_positions(told[name]), sample_positions(full[name])).T
        wanted = sample_positions(full_tried[name])
        errors[name] = float((guess - wanted).square().mean() / wanted.square().mean())
    return errors
