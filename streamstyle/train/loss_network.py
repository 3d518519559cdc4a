"""Distil VGG-16 into a smaller network of the same shape: the loss networks that ship with the package.

Layer by layer the channels that say most are kept, and what the others would have said is folded into the next layer's
weights. Then everything is fine-tuned against VGG-16 through 1x1 adapters, which are thrown away.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from streamstyle.events import Observer
from streamstyle.gpu.device import compute_dtype, select_device
from streamstyle.models.metadata import LossWidth, read_metadata
from streamstyle.models.style_predictor import style_statistics
from streamstyle.models.vgg import CONTENT_LAYER, CONVOLUTIONS, STYLE_LAYERS, LossScales, VggFeatures
from streamstyle.models.weights import load_loss_network, load_style_predictor, save_weights
from streamstyle.optimise.losses import gram_matrix
from streamstyle.prefetch import prefetch
from streamstyle.settings import Device
from streamstyle.train.image_data import list_images, next_batch, photo_crops, training_images
from streamstyle.train.loop import Schedule, TrainingLog, train
from streamstyle.train.settings import LossNetworkTrainingSettings

WIDTHS = {
    LossWidth.slim: {
        **{"conv1_1": 16, "conv1_2": 16, "conv2_1": 32, "conv2_2": 24, "conv3_1": 64, "conv3_2": 48, "conv3_3": 48},
        **{"conv4_1": 128, "conv4_2": 128, "conv4_3": 64, "conv5_1": 128},
    },
    LossWidth.wide: {
        **{"conv1_1": 32, "conv1_2": 32, "conv2_1": 64, "conv2_2": 64, "conv3_1": 128, "conv3_2": 112, "conv3_3": 112},
        **{"conv4_1": 256, "conv4_2": 256, "conv4_3": 224, "conv5_1": 256},
    },
}
"""A quarter or a half of VGG-16's channels where a loss looks, less where none does."""

LAYERS = (*STYLE_LAYERS, "relu1_2", "relu2_2", "relu3_3", CONTENT_LAYER)
"""The layers matched in fine-tuning: those that the losses read, and the ends of the blocks on the way."""

SUBSAMPLED = {"relu1": 4, "relu2": 2}
"""Blocks whose activations are matched at every nth row and column only: they are large, and alike nearby."""

GAIN = 4.0
"""What the student multiplies pictures in [-0.5, 0.5] by while it learns: Adam's steps are of the size that weights
have where inputs have unit size, and would wreck the tiny ones that inputs up to 255 ask for."""

SIDE = 160


class DistilModule(nn.Module):
    """A slim network in training, and the adapters that say what VGG-16 would have said."""

    def __init__(self, student: VggFeatures, adapters: dict[str, Tensor], sizes: dict[str, float]) -> None:
        """`sizes` are the root mean squares of VGG-16's activations, by which its errors count."""
        super().__init__()
        self.student = student
        self.adapters = nn.ParameterDict(adapters)
        self.rms = sizes

    def loss(self, teacher: VggFeatures, images: Tensor) -> Tensor:
        """Return the mean over the layers of the squared error relative to the mean square."""
        with torch.no_grad():
            full = {
                name: _subsample(tensor, name).float() / self.rms[name]
                for name, tensor in teacher(images, LAYERS).items()
            }
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=compute_dtype(images.device) == torch.bfloat16):
            slim = self.student(images, LAYERS)
            told = {
                name: F.conv2d(_subsample(slim[name], name), self.adapters[name][..., None, None]).float()
                for name in LAYERS
            }
        mean: Tensor = torch.stack([F.mse_loss(told[name], full[name]) for name in LAYERS]).mean()
        return mean


class DistilData:
    """What the student looks at: photos, and where there are paintings those too, and photos painted after them."""

    def __init__(self, settings: LossNetworkTrainingSettings, opened: ExitStack, seed: int) -> None:
        self._photos = self._prefetch_crops(settings.photos, settings, opened, seed)
        self._paintings = (
            self._prefetch_crops(settings.paintings, settings, opened, seed) if settings.paintings else None
        )
        self._style_predictor, self._slim = load_style_predictor(), load_loss_network()

    def next_batch(self, count: int) -> Tensor:  # [count, 3, SIDE, SIDE] float32 in [0, 1]
        """Return the next pictures; of eight, four are photos, two paintings and two painted photos."""
        cpu = torch.device("cpu")
        if self._paintings is None:
            return next_batch(self._photos, count, cpu)
        photos, paintings = (
            next_batch(self._photos, count - count // 4, cpu),
            next_batch(self._paintings, count // 4, cpu),
        )
        with torch.no_grad():
            codes = self._style_predictor.embed(style_statistics(self._slim, paintings))
            photos[: count // 4] = self._style_predictor(photos[: count // 4], list(codes))
        return torch.cat([photos, paintings])

    @staticmethod
    def _prefetch_crops(
        folder: Path, settings: LossNetworkTrainingSettings, opened: ExitStack, seed: int
    ) -> Iterator[Tensor]:
        crops = photo_crops(training_images(list_images(folder)), SIDE, seed)
        return opened.enter_context(prefetch(crops, torch.from_numpy, workers=1, ahead=4 * settings.batch))


def distil_loss_network(
    output: Path, settings: LossNetworkTrainingSettings, observe: Observer, stop: threading.Event
) -> None:
    """Write a loss network made from VGG-16 to `output`; stopped early, a snapshot from which the next call goes on."""
    device = select_device(Device.cpu)
    teacher = load_loss_network(settings.vgg).to(dtype=compute_dtype(device))
    journal = TrainingLog(output)
    first = int(read_metadata(journal.snapshot)["step"]) if journal.snapshot.exists() else 0
    torch.manual_seed(first)
    with ExitStack() as opened:
        pictures = DistilData(settings, opened, seed=first)
        apprentice = _initial_module(teacher, pictures, settings, journal.snapshot)

        def objective(_: int) -> tuple[Tensor, Tensor]:
            images = _jitter(pictures.next_batch(settings.batch))
            return apprentice.loss(teacher, images), images

        course = Schedule(settings.learning_rate, settings.steps, settings.minutes, first)
        steps = train(apprentice, objective, course, journal, lambda step: {"step": str(step)}, observe, stop)
        if steps is None:
            return
        student = apprentice.student
        student.scales = compute_loss_scales(teacher, student, [pictures.next_batch(settings.batch) for _ in range(12)])
    student.conv1_1.weight.data.mul_(GAIN / teacher.gain)  # type: ignore[operator,union-attr]
    save_weights(output, student, _metadata(student, settings, steps))
    journal.close()


def _initial_module(
    teacher: VggFeatures, pictures: DistilData, settings: LossNetworkTrainingSettings, snapshot: Path
) -> DistilModule:
    student = prune(teacher, pictures.next_batch(16), WIDTHS[settings.width], GAIN)
    sample = pictures.next_batch(8)
    with torch.no_grad():
        slim, full = student(sample, LAYERS), teacher(sample, LAYERS)
    sizes = {name: float(tensor.float().square().mean().sqrt()) for name, tensor in full.items()}
    adapters = {
        name: ridge(sample_positions(slim[name]), sample_positions(full[name].float()) / sizes[name]) for name in LAYERS
    }
    apprentice = DistilModule(student, adapters, sizes)
    if snapshot.exists():
        apprentice.load_state_dict({name: tensor.float() for name, tensor in load_file(snapshot).items()})
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return apprentice


def _subsample(activation: Tensor, layer: str) -> Tensor:
    stride = SUBSAMPLED.get(layer[:5], 1)
    return activation[..., ::stride, ::stride]


def _jitter(images: Tensor) -> Tensor:
    """Colour and noise, so that the network is right on paintings and on half-finished pictures too."""
    count = len(images)
    gain = 1 + 0.25 * torch.randn(count, 3, 1, 1)
    shift = 0.1 * torch.randn(count, 3, 1, 1)
    noise = 0.06 * torch.rand(count, 1, 1, 1) * torch.randn_like(images)
    return (images * gain + shift + noise).clamp_(0, 1)


def _metadata(student: VggFeatures, settings: LossNetworkTrainingSettings, steps: int) -> dict[str, str]:
    command = ["streamstyle", "train", "loss-network", "--vgg", settings.vgg.name, "--width", settings.width]
    command += ["--photos", settings.photos.name]
    command += ["--paintings", settings.paintings.name] if settings.paintings else []
    command += ["--steps", str(steps), "--batch", str(settings.batch)]
    count = len(training_images(list_images(settings.photos)))
    painted = f" and {len(training_images(list_images(settings.paintings)))} paintings" if settings.paintings else ""
    return {
        "kind": "loss_network",
        "scales": student.scales.to_json(),
        "trained_on": f"{count} photos{painted} against {settings.vgg.name}, {steps} steps",
        "command": shlex.join(command),
        "date": date.today().isoformat(),
    }


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


def compute_loss_scales(teacher: VggFeatures, student: VggFeatures, batches: list[Tensor]) -> LossScales:
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
    return LossScales(_median(perceptual), {name: _median(ratios) for name, ratios in style.items()})


def _ratio(full_a: Tensor, full_b: Tensor, slim_a: Tensor, slim_b: Tensor) -> float:
    return float((full_a.float() - full_b.float()).square().mean() / (slim_a.float() - slim_b.float()).square().mean())


def _median(values: list[float]) -> float:
    return float(torch.tensor(values).median())
