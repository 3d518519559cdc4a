"""Distil VGG-16 into a narrower network: the slim loss network.

Each layer keeps its most informative channels; linear predictions of the others are folded into the next layer's
weights. Then the network is fine-tuned against VGG-16 through 1x1 adapters, which are discarded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from streamstyle.events import Observer
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.models.metadata import LossNetwork
from streamstyle.models.style_predictor import style_statistics
from streamstyle.models.tensors import read_tensors, state_shapes
from streamstyle.models.vgg import CONTENT_LAYER, CONVOLUTIONS, STYLE_LAYERS, LossScales, VggFeatures
from streamstyle.models.weights import load_loss_network, load_style_predictor, save_weights
from streamstyle.optimise.losses import gram_matrix
from streamstyle.prefetch import prefetch
from streamstyle.settings import Device
from streamstyle.train.image_data import list_images, next_batch, photo_crops, training_images
from streamstyle.train.loop import Schedule, TrainingLog, train
from streamstyle.train.provenance import command_options, count_training_images, training_metadata
from streamstyle.train.settings import LossNetworkTrainingSettings

WIDTHS = {
    **{"conv1_1": 16, "conv1_2": 16, "conv2_1": 32, "conv2_2": 24, "conv3_1": 64, "conv3_2": 48, "conv3_3": 48},
    **{"conv4_1": 128, "conv4_2": 128, "conv4_3": 64, "conv5_1": 128},
}
"""A quarter of VGG-16's channels in the layers that a loss reads, fewer in the others."""

LAYERS = (*STYLE_LAYERS, "relu1_2", "relu2_2", "relu3_3", CONTENT_LAYER)
"""The layers matched in fine-tuning: those that the losses read, and the last ones of blocks 1 to 3."""

SUBSAMPLED = {"relu1": 4, "relu2": 2}
"""Blocks whose activations are matched at every nth row and column only: they are large, and neighbours are similar."""

GAIN = 4.0
"""Scale of the student's input, in [-0.5, 0.5] before, during training. Adam's steps fit the weights for inputs of unit
size; they would destroy the tiny weights that inputs up to 255 need."""

MIN_RELATIVE_RMS = 0.3
"""Channels below this fraction of the mean RMS are not scaled up to the others. A nearly silent channel would be chosen
for being unlike the rest, and would dominate after scaling."""

CROP_SIDE = 160
"""Side in pixels of the training images."""


class DistillationModule(nn.Module):
    """The student in training, and the 1x1 adapters that predict VGG-16's activations from its own."""

    def __init__(self, student: VggFeatures, adapters: dict[str, Tensor], sizes: dict[str, float]) -> None:
        """`sizes` are the RMS of VGG-16's activations of each layer, which scale the errors."""
        super().__init__()
        self.student = student
        self.adapters = nn.ParameterDict(adapters)
        self.rms = sizes

    def loss(self, teacher: VggFeatures, images: Tensor) -> Tensor:
        """Return the squared error relative to the mean square, averaged over the layers."""
        with torch.no_grad():
            full = {
                name: _subsample(tensor, name).float() / self.rms[name]
                for name, tensor in teacher(images, LAYERS).items()
            }
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=compute_dtype(images.device) == torch.bfloat16):
            slim = self.student(images, LAYERS)
            predicted = {
                name: F.conv2d(_subsample(slim[name], name), self.adapters[name][..., None, None]).float()
                for name in LAYERS
            }
        mean: Tensor = torch.stack([F.mse_loss(predicted[name], full[name]) for name in LAYERS]).mean()
        return mean


class DistillationData:
    """Training images: photos, and if there are paintings, those and photos stylised after them."""

    def __init__(self, settings: LossNetworkTrainingSettings, opened: ExitStack, seed: int) -> None:
        self._photos = self._prefetch_crops(settings.photos, settings, opened, seed)
        self._paintings = (
            self._prefetch_crops(settings.paintings, settings, opened, seed) if settings.paintings else None
        )
        self._style_predictor, self._loss_network = load_style_predictor(), load_loss_network()

    def next_batch(self, count: int) -> Tensor:  # [count, 3, 160, 160] float32 in [0, 1]
        """Return the next images; with paintings, of eight four are photos, two paintings and two stylised photos."""
        cpu = torch.device("cpu")
        if self._paintings is None:
            return next_batch(self._photos, count, cpu)
        photos, paintings = (
            next_batch(self._photos, count - count // 4, cpu),
            next_batch(self._paintings, count // 4, cpu),
        )
        with torch.no_grad():
            codes = self._style_predictor.embed(style_statistics(self._loss_network, paintings))
            photos[: count // 4] = self._style_predictor(photos[: count // 4], list(codes))
        return torch.cat([photos, paintings])

    @staticmethod
    def _prefetch_crops(
        folder: Path, settings: LossNetworkTrainingSettings, opened: ExitStack, seed: int
    ) -> Iterator[Tensor]:
        crops = photo_crops(training_images(list_images(folder)), CROP_SIDE, seed)
        return opened.enter_context(prefetch(crops, torch.from_numpy, workers=1, ahead=4 * settings.batch))


def distil_loss_network(
    output: Path, settings: LossNetworkTrainingSettings, observe: Observer, stop: threading.Event
) -> None:
    """Distil a loss network from VGG-16 and write it to `output`; if `stop` is set, a snapshot to resume from.

    Raises StyleError if the VGG-16 weights or an image cannot be read.
    """
    device = select_device(Device.cpu)
    teacher = load_loss_network(settings.vgg, LossNetwork.vgg16).to(dtype=compute_dtype(device))
    log = TrainingLog(output)
    first_step = log.snapshot_step
    torch.manual_seed(first_step)
    with ExitStack() as opened:
        data = DistillationData(settings, opened, seed=first_step)
        module = _initial_module(teacher, data, settings, log.snapshot)

        def step_function(_: int) -> tuple[Tensor, Tensor]:
            images = _jitter(data.next_batch(settings.batch))
            return module.loss(teacher, images), images

        schedule = Schedule(settings.learning_rate, settings.steps, settings.minutes, first_step)
        steps = train(module, step_function, schedule, log, lambda step: {"step": str(step)}, observe, stop)
        if steps is None:
            return
        student = module.student
        student.scales = compute_loss_scales(teacher, student, [data.next_batch(settings.batch) for _ in range(12)])
    student.conv1_1.weight.data.mul_(GAIN / teacher.gain)  # type: ignore[operator,union-attr]
    save_weights(output, student, _metadata(student, settings, steps))
    log.close()


def _initial_module(
    teacher: VggFeatures, data: DistillationData, settings: LossNetworkTrainingSettings, snapshot: Path
) -> DistillationModule:
    student = prune(teacher, data.next_batch(16), WIDTHS, GAIN)
    sample = data.next_batch(8)
    with torch.no_grad():
        slim, full = student(sample, LAYERS), teacher(sample, LAYERS)
    sizes = {name: float(tensor.float().square().mean().sqrt()) for name, tensor in full.items()}
    adapters = {
        name: ridge(sample_positions(slim[name]), sample_positions(full[name].float()) / sizes[name]) for name in LAYERS
    }
    module = DistillationModule(student, adapters, sizes)
    if snapshot.exists():
        module.load_state_dict(read_tensors(snapshot, state_shapes(module)))
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module


def _subsample(activation: Tensor, layer: str) -> Tensor:
    stride = SUBSAMPLED.get(layer[:5], 1)
    return activation[..., ::stride, ::stride]


def _jitter(images: Tensor) -> Tensor:
    """Vary colours and add noise, so that the network also fits paintings and intermediate results of optimisation."""
    count = len(images)
    gain = 1 + 0.25 * torch.randn(count, 3, 1, 1)
    shift = 0.1 * torch.randn(count, 3, 1, 1)
    noise = 0.06 * torch.rand(count, 1, 1, 1) * torch.randn_like(images)
    return (images * gain + shift + noise).clamp_(0, 1)


def _metadata(student: VggFeatures, settings: LossNetworkTrainingSettings, steps: int) -> dict[str, str]:
    options = command_options(replace(settings, steps=steps), "vgg", "photos", "paintings", "steps", "batch")
    paintings = f" and {count_training_images(settings.paintings)} paintings" if settings.paintings else ""
    pictures = f"{count_training_images(settings.photos)} photos{paintings}"
    return {
        "kind": "loss_network",
        "scales": student.scales.to_json(),
        **training_metadata(
            ["streamstyle", "train", "loss-network", *options],
            f"{pictures} against VGG-16, {steps} steps",
        ),
    }


def prune(teacher: VggFeatures, images: Tensor, widths: Mapping[str, int], gain: float) -> VggFeatures:
    """Return a network of these widths that approximates `teacher` on images like these without training.

    `gain` scales the input of the new network, in place of VGG's 255.
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
            rms = rms.clamp_min(MIN_RELATIVE_RMS * float(rms.mean()))
            slim.weight.div_(rms.view(-1, 1, 1, 1))
            slim.bias.div_(rms)  # type: ignore[union-attr]
            regression = ridge(sample_positions(student(images, [relu])[relu]), sample_positions(targets[relu]))
    return student


def choose_channels(
    activations: Tensor,  # [samples, C]
    count: int,
) -> Tensor:  # [count] int64
    """Return the channels that span the others best, by column-pivoted QR (a pivoted Cholesky of the correlations)."""
    norms = activations.norm(dim=0)
    normalised = activations / norms.clamp_min(MIN_RELATIVE_RMS * float(norms.mean()))
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
    """Return the activations by position, subsampled to about 40,000 positions at most."""
    rows = activation.permute(0, 2, 3, 1).reshape(-1, activation.shape[1])
    return rows[:: max(1, len(rows) // 40_000)]


def compute_loss_scales(teacher: VggFeatures, student: VggFeatures, batches: list[Tensor]) -> LossScales:
    """Return the factors that scale the student's losses to the teacher's: medians over pairs of images.

    Perceptual loss: an image and its blurred, noisy copy. Style loss: two different images.
    """
    perceptual: list[float] = []
    style: dict[str, list[float]] = {name: [] for name in STYLE_LAYERS}
    with torch.no_grad():
        for images in batches:
            blurred = (F.avg_pool2d(images, 3, 1, 1) + 0.05 * torch.randn_like(images)).clamp(0, 1)
            full, slim = teacher(images), student(images)
            full_blurred, slim_blurred = teacher(blurred, [CONTENT_LAYER]), student(blurred, [CONTENT_LAYER])
            perceptual.append(
                _ratio(
                    full[CONTENT_LAYER],
                    full_blurred[CONTENT_LAYER],
                    slim[CONTENT_LAYER],
                    slim_blurred[CONTENT_LAYER],
                )
            )
            for name in STYLE_LAYERS:
                grams, slim_grams = gram_matrix(full[name].float()), gram_matrix(slim[name].float())
                style[name].append(_ratio(grams, grams.roll(1, 0), slim_grams, slim_grams.roll(1, 0)))
    return LossScales(_median(perceptual), {name: _median(ratios) for name, ratios in style.items()})


def _ratio(full_a: Tensor, full_b: Tensor, slim_a: Tensor, slim_b: Tensor) -> float:
    return float((full_a.float() - full_b.float()).square().mean() / (slim_a.float() - slim_b.float()).square().mean())


def _median(values: list[float]) -> float:
    return float(torch.tensor(values).median())
