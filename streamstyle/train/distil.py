"""Distil VGG-16 into a slim network of the same shape: the loss network that ships with the package.

Layer by layer a quarter of the channels is chosen by column-pivoted QR, and what the dropped ones would have said is
folded, as a ridge regression, into the next layer's weights. Then everything is fine-tuned against VGG-16 through 1x1
adapters, which are thrown away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.buffered import buffered
from streamstyle.events import Learned, Observer
from streamstyle.media.picture import Picture
from streamstyle.nets.device import fast_dtype
from streamstyle.nets.loss_network import CONTENT_LAYER, CONVOLUTIONS, STYLE_LAYERS, LossNetwork, Scales
from streamstyle.nets.weights import load_loss_network, save_weights
from streamstyle.ops.gram import gram_matrix
from streamstyle.train.pictures import list_pictures, photo_crops

WIDTHS = {
    **{"conv1_1": 16, "conv1_2": 16, "conv2_1": 32, "conv2_2": 24, "conv3_1": 64, "conv3_2": 48, "conv3_3": 48},
    **{"conv4_1": 128, "conv4_2": 128, "conv4_3": 64, "conv5_1": 128},
}
"""A quarter of VGG-16 where a loss looks, less where none does: a fifth fewer multiplications than so throughout."""

LAYERS = (*STYLE_LAYERS, "relu1_2", "relu2_2", "relu3_3", CONTENT_LAYER)
"""The layers matched in fine-tuning: those that the losses read, and the ends of the blocks on the way."""

THINNED = {"relu1": 4, "relu2": 2}
"""Blocks whose activations are matched at every nth row and column only: they are large, and alike nearby."""

GAIN = 4.0
"""What the student multiplies pictures in [-0.5, 0.5] by while it learns: Adam's steps are of the size that weights
have where inputs have unit size, and would wreck the tiny ones that inputs up to 255 ask for."""

RARE = 0.3
"""Share of the mean below which a channel's strength is not scaled up to the others': one that hardly ever speaks
would be chosen for being unlike the rest, and shout."""

SIDE = 160
BATCH = 8


def distil_loss_network(
    vgg: Path,
    photos: Path,
    output: Path,
    steps: int,
    observe: Observer,
    stop: threading.Event,
) -> None:
    """Write a slim loss network made from the VGG-16 in `vgg` to `output`; stopping early keeps what there is."""
    torch.manual_seed(0)
    teacher = load_loss_network(vgg).to(dtype=fast_dtype(torch.device("cpu")))
    crops = photo_crops(list_pictures(photos), SIDE, seed=0)
    with buffered(crops, lambda crop: crop, workers=1, ahead=4 * BATCH) as ahead:
        student = initialise(teacher, _batch(ahead, 16))
        done = _fine_tune(teacher, student, ahead, steps, observe, stop)
        student.scales = calibrate(teacher, student, [_batch(ahead, BATCH) for _ in range(12)])
    student.conv1_1.weight.data.mul_(GAIN / teacher.gain)  # type: ignore[operator,union-attr]
    save_weights(output, student, _metadata(student, vgg, photos, done))


def initialise(teacher: LossNetwork, images: Tensor) -> LossNetwork:
    """Return a slim network that needs no training to be roughly right."""
    names = [name for block in CONVOLUTIONS for name in block if name in teacher._modules]
    student = LossNetwork({name: WIDTHS[name] for name in names})
    student.gain = GAIN
    relus = [name.replace("conv", "relu") for name in names]
    with torch.no_grad():
        targets = {name: tensor.float() for name, tensor in teacher(images, relus).items()}
        regression = torch.eye(3) * (teacher.gain / GAIN)
        for name, relu in zip(names, relus, strict=True):
            original, slim = teacher.get_submodule(name), student.get_submodule(name)
            assert isinstance(original, nn.Conv2d)
            assert isinstance(slim, nn.Conv2d)
            kept = choose_channels(_columns(targets[relu]), slim.out_channels)
            slim.weight.copy_(torch.einsum("ockl,cs->oskl", original.weight[kept].float(), regression))
            slim.bias.copy_(original.bias[kept].float())  # type: ignore[union-attr,index]
            rms = student(images, [relu])[relu].square().mean((0, 2, 3)).sqrt()
            rms = rms.clamp_min(RARE * float(rms.mean()))
            slim.weight.div_(rms.view(-1, 1, 1, 1))
            slim.bias.div_(rms)  # type: ignore[union-attr]
            regression = ridge(_columns(student(images, [relu])[relu]), _columns(targets[relu]))
    return student


def choose_channels(
    activations: Tensor,  # [samples, C]
    count: int,
) -> Tensor:  # [count] int64
    """Return the channels that span the others best: column-pivoted QR, as a pivoted Cholesky of the correlations."""
    norms = activations.norm(dim=0)
    normalised = activations / norms.clamp_min(RARE * float(norms.mean()))
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


def _fine_tune(
    teacher: LossNetwork,
    student: LossNetwork,
    crops: Iterator[Picture],
    steps: int,
    observe: Observer,
    stop: threading.Event,
) -> int:
    sample = _batch(crops, BATCH)
    with torch.no_grad():
        slim, full = student(sample, LAYERS), teacher(sample, LAYERS)
    rms = {name: float(tensor.float().square().mean().sqrt()) for name, tensor in full.items()}
    adapters = nn.ParameterDict(
        {name: ridge(_columns(slim[name]), _columns(full[name].float()) / rms[name]) for name in LAYERS}
    )
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam([*student.parameters(), *adapters.parameters()])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=6e-4, total_steps=steps)
    started = time.monotonic()
    for step in range(1, steps + 1):
        images = _jitter(_batch(crops, BATCH))
        with torch.no_grad():
            full = {name: _thin(tensor, name).float() / rms[name] for name, tensor in teacher(images, LAYERS).items()}
        optimiser.zero_grad()
        loss = _distance(student, adapters, images, full)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        observe(Learned(step, steps, float(loss.detach()), time.monotonic() - started))
        if stop.is_set():
            return step
    return steps


def _distance(
    student: LossNetwork,
    adapters: nn.ParameterDict,
    images: Tensor,
    full: dict[str, Tensor],  # the teacher's activations, thinned, at unit RMS
) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast_dtype(images.device) == torch.bfloat16):
        slim = student(images, LAYERS)
        distances = [
            F.mse_loss(F.conv2d(_thin(slim[name], name), adapters[name][..., None, None]).float(), full[name])
            for name in LAYERS
        ]
    mean: Tensor = torch.stack(distances).mean()
    return mean


def calibrate(teacher: LossNetwork, student: LossNetwork, batches: list[Tensor]) -> Scales:
    """Return the factors that bring the student's losses to the teacher's, as medians over pairs of pictures.

    Perceptual: a picture and itself blurred and noisy. Style: different pictures.
    """
    perceptual: list[float] = []
    style: dict[str, list[float]] = {name: [] for name in STYLE_LAYERS}
    with torch.no_grad():
        for images in batches:
            disturbed = (F.avg_pool2d(images, 3, 1, 1) + 0.05 * torch.randn_like(images)).clamp(0, 1)
            full, slim = teacher(images), student(images)
            full_disturbed, slim_disturbed = teacher(disturbed, [CONTENT_LAYER]), student(disturbed, [CONTENT_LAYER])
            perceptual.append(
                _ratio(
                    full[CONTENT_LAYER],
                    full_disturbed[CONTENT_LAYER],
                    slim[CONTENT_LAYER],
                    slim_disturbed[CONTENT_LAYER],
                )
            )
            for name in STYLE_LAYERS:
                grams, slim_grams = gram_matrix(full[name].float()), gram_matrix(slim[name].float())
                style[name].append(_ratio(grams, grams.roll(1, 0), slim_grams, slim_grams.roll(1, 0)))
    return Scales(_median(perceptual), {name: _median(ratios) for name, ratios in style.items()})


def _ratio(full_a: Tensor, full_b: Tensor, slim_a: Tensor, slim_b: Tensor) -> float:
    return float((full_a.float() - full_b.float()).square().mean() / (slim_a.float() - slim_b.float()).square().mean())


def _median(values: list[float]) -> float:
    return float(torch.tensor(values).median())


def _columns(activation: Tensor) -> Tensor:
    """[N, C, H, W] → [N·H·W, C], thinned to at most 40,000 rows."""
    rows = activation.permute(0, 2, 3, 1).reshape(-1, activation.shape[1])
    return rows[:: max(1, len(rows) // 40_000)]


def _thin(activation: Tensor, layer: str) -> Tensor:
    stride = THINNED.get(layer[:5], 1)
    return activation[..., ::stride, ::stride]


def _batch(crops: Iterator[Picture], count: int) -> Tensor:
    stacked = torch.stack([torch.from_numpy(next(crops)) for _ in range(count)])
    return stacked.permute(0, 3, 1, 2).float() / 255


def _jitter(images: Tensor) -> Tensor:
    """Colour and noise, so that the network is right on paintings and on half-finished pictures too."""
    count = len(images)
    gain = 1 + 0.25 * torch.randn(count, 3, 1, 1)
    shift = 0.1 * torch.randn(count, 3, 1, 1)
    noise = 0.06 * torch.rand(count, 1, 1, 1) * torch.randn_like(images)
    return (images * gain + shift + noise).clamp_(0, 1)


def _metadata(student: LossNetwork, vgg: Path, photos: Path, steps: int) -> dict[str, str]:
    return {
        "kind": "loss_network",
        "scales": student.scales.as_json(),
        "trained_on": f"{len(list_pictures(photos))} photos against {vgg.name}, {steps} steps",
        "command": f"streamstyle train loss-network --vgg {vgg.name} --photos {photos.name} --steps {steps}",
        "date": date.today().isoformat(),
    }
