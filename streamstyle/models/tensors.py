"""The tensors of weights files, which are read only if their names, shapes and types are as expected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from streamstyle.errors import StyleError
from streamstyle.models.metadata import open_weights
from streamstyle.models.quantised import SCALE_SUFFIX, dequantise

WEIGHT_TYPES = ("F16", "BF16", "F32", "F64")
"""Types of the numbers of a weights file, as safetensors names them."""

QUANTISED_TYPE = "I8"
"""Type of weights in 8 bits, which come with their scales."""

MAX_WEIGHT = float(torch.finfo(torch.float16).max)
"""Largest absolute weight; files made by streamstyle are in half precision."""


def state_shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor in the state of a network, which may be on the device `meta`."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor from the header of the file; raises StyleError if it cannot be read."""
    with open_weights(path, "pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # no mapping


def read_tensors(
    path: Path, shapes: Mapping[str, tuple[int, ...]], ignored: Collection[str] | None = ()
) -> dict[str, Tensor]:
    """Return the tensors of these names and shapes as float32, those in 8 bits dequantised.

    Nothing is read before the header was compared. Other tensors must not be there, unless their names are in
    `ignored`; None ignores all. Raises StyleError, also if a weight is not a finite number.
    """
    with open_weights(path, "pt") as file:
        names = set(file.keys())
        quantised = {name for name in shapes.keys() & names if file.get_slice(name).get_dtype() == QUANTISED_TYPE}
        scales = {name + SCALE_SUFFIX: shapes[name][:1] for name in quantised}
        expected = {**shapes, **scales}
        if missing := expected.keys() - names:
            raise _misfit_error(path, f"{min(missing)} is missing")
        if ignored is not None and (unknown := names - expected.keys() - set(ignored)):
            raise _misfit_error(path, f"{min(unknown)[:80]} is not expected")
        for name, shape in expected.items():
            header = file.get_slice(name)
            if tuple(header.get_shape()) != shape:
                raise _misfit_error(path, f"{name} is {_size(header.get_shape())} and not {_size(shape)}")
            if header.get_dtype() not in WEIGHT_TYPES and name not in quantised:
                raise _misfit_error(path, f"{name} has the type {header.get_dtype()}")
        read = {name: _checked(file.get_tensor(name).float(), name, path) for name in expected}
    return {
        name: dequantise(read[name], read[name + SCALE_SUFFIX]) if name in quantised else read[name] for name in shapes
    }


def _checked(tensor: Tensor, name: str, path: Path) -> Tensor:
    if tensor.numel() and not bool(tensor.abs().max() <= MAX_WEIGHT):  # false for NaN, too
        raise StyleError(
            f"{path} has weights in {name} that are not finite numbers", "Get another copy, or train it again."
        )
    return tensor


def _size(shape: Collection[int]) -> str:
    return "x".join(map(str, shape)) or "a single number"


def _misfit_error(path: Path, reason: str) -> StyleError:
    return StyleError(
        f"the weights in {path} do not fit its metadata: {reason}", "Train it again, or get another copy."
    )
