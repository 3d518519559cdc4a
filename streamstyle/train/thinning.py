"""A network's channels thinned out: those kept that say most, and what the others would have said told by them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from streamstyle.nets.loss_network import CONVOLUTIONS, VggFeatures

MIN_RMS = 0.3
"""Share of the mean below which a channel's strength is not scaled up to the others': one that hardly ever speaks
would be chosen for being unlike the rest, and shout."""


def prune(teacher: VggFeatures, images: Tensor, widths: Mapping[str, int], gain: float) -> VggFeatures:
    """Return a network of these widths that needs no training to be roughly right on such pictures.

    Its `gain` is that of the new network's input, in place of VGG's 255.
    """
    names = [name for block in CONVOLUTIONS for name in block if name in teacher._modules]
    student = VggFeatures({name: widths[name] for name in names})
    student.gain = gain
    relus = [name.replace("conv", "relu") for name in names]
    with torch.no_grad():
        targets = {name: tensor.float() for name, tensor in teacher(images, relus).items()}
        regression = torch.eye(3) * (teacher.gain / gain)
        for name, relu in zip(names, relus, strict=True):
            original, slim = teacher.get_submodule(name), student.get_submodule(name)
            assert isinstance(original, nn.Conv2d)
            assert isinstance(slim, nn.Conv2d)
            kept = choose_channels(sample_positions(targets[relu]), slim.out_channels)
            slim.weight.copy_(torch.einsum("ockl,cs->oskl", original.weight[kept].float(), regression))
            slim.bias.copy_(original.bias[kept].float())  # type: ignore[union-attr,index]
            rms = student(images, [relu])[relu].square().mean((0, 2, 3)).sqrt()
            rms = rms.clamp_min(MIN_RMS * float(rms.mean()))
            slim.weight.div_(rms.view(-1, 1, 1, 1))
            slim.bias.div_(rms)  # type: ignore[union-attr]
            regression = ridge(sample_positions(student(images, [relu])[relu]), sample_positions(targets[relu]))
    return student


def choose_channels(
    activations: Tensor,  # [samples, C]
    count: int,
) -> Tensor:  # [count] int64
    """Return the channels that span the others best: column-pivoted QR, as a pivoted Cholesky of the correlations."""
    norms = activations.norm(dim=0)
    normalised = activations / norms.clamp_min(MIN_RMS * float(norms.mean()))
    residual = (normalised.T @ normalised).double()
    chosen: list[int] = []
    for _ in range(count):
        diagonal = residual.diagonal().clone()
        diagonal[chosen] = -1
        pivot = int(diagonal.argmax())
        chosen.append(pivot)
        column = residual[:, pivot] / residual[pivot, pivot].clamp_min(1e-9).sqrt()
        residual = residual - torch.outer(column, column)
    return torch.tensor(chosen)


def ridge(
    inputs: Tensor,  # [samples, K]
    outputs: Tensor,  # [samples, C]
) -> Tensor:  # [C, K]
    """Return the matrix that predicts `outputs` from `inputs`, without an intercept."""
    square = (inputs.T @ inputs).double()
    square += 1e-3 * square.diagonal().mean() * torch.eye(len(square), dtype=torch.float64)
    solution: Tensor = torch.linalg.solve(square, (inputs.T @ outputs).double())
    return solution.T.float()


def sample_positions(
    activation: Tensor,  # [N, C, H, W]
) -> Tensor:  # [samples, C]
    """Return the activations place by place, thinned to at most 40,000 places or so."""
    rows = activation.permute(0, 2, 3, 1).reshape(-1, activation.shape[1])
    return rows[:: max(1, len(rows) // 40_000)]
