"""The settings of training, as `streamstyle.settings` has those of a run."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from streamstyle.models.metadata import NetworkShape
from streamstyle.settings import cli_field, require

LOSS_SETTINGS = (
    "loss_network", "style_size", "style_scales", "style_weight", "palette_weight", "tv_weight", "noise_weight",
)  # fmt: skip
"""Settings of the loss against VGG, which is not computed with a teacher."""


def _require_loss(settings: Any) -> None:
    """Raise SettingsError if both a teacher and one of the settings of the loss that it replaces are given."""
    for field in fields(settings):
        if field.name in LOSS_SETTINGS and settings.teacher is not None:
            option, value = f"--{field.name.replace('_', '-')}", getattr(settings, field.name)
            require(value == field.default, option, f"{value} with --teacher", "Leave out one of the two.")


@dataclass(frozen=True, slots=True)
class LossNetworkTrainingSettings:
    """How a loss network is distilled from VGG-16."""

    photos: Path = cli_field(MISSING, "Folder of photos to distil on.")
    vgg: Path | None = cli_field(None, "VGG-16 weights to distil. Default: the built-in VGG-16.")
    paintings: Path | None = cli_field(
        None, "Folder of paintings to distil on, as they are and as styles of the photos."
    )
    steps: int = cli_field(1500, "Fine-tuning steps.")
    minutes: float | None = cli_field(None, "Fine-tuning time in minutes, instead of --steps.")
    batch: int = cli_field(8, "Images per step.")
    learning_rate: float = cli_field(6e-4, "Maximum learning rate of Adam.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "Give 1 or more.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a number above 0.")
        require(4 <= self.batch <= 64, "--batch", self.batch, "Give 4 to 64.")


@dataclass(frozen=True, slots=True)
class StyleTrainingSettings:
    """How a network is trained for one style image."""

    steps: int = cli_field(1500, "Training steps; more: better and slower.")
    minutes: float | None = cli_field(None, "Training time in minutes, instead of --steps.")
    batch: int = cli_field(2, "Images per step.")
    crop: int = cli_field(256, "Side in pixels of the training images.")
    style_size: int = cli_field(512, "Short side in pixels that the style image is resized to; larger: larger strokes.")
    style_scales: int = cli_field(3, "Sizes at which the style is compared, each half of the one before.")
    style_weight: float = cli_field(1.2, "Weight of the style loss, relative to the content loss.")
    palette_weight: float = cli_field(4.0, "Weight of the distance of the colours from those of the style image.")
    tv_weight: float = cli_field(1.0, "Weight of total variation.")
    noise_weight: float = cli_field(
        50.0, "Weight of stability against noise, compression, shifts and changes of brightness."
    )
    learning_rate: float = cli_field(2e-3, "Maximum learning rate of Adam.")
    loss_network: Path | None = cli_field(None, "VGG-16 or VGG-19 weights. Default: the built-in VGG-16.")
    photos: Path | None = cli_field(None, "Folder of photos to train on, in addition to procedural images.")
    teacher: Path | None = cli_field(
        None, "Weights file of a style to imitate, in place of the losses: for a network of another shape."
    )
    shape: NetworkShape = cli_field(
        NetworkShape.separable,
        "separable: as the built-in styles; dense: three times the arithmetic; published: as in the paper, fourteen "
        "times, starts from noise.",
    )
    title: str = cli_field("", "Title of the style image, stored with the style.")
    artist: str = cli_field("", "Artist of the style image, stored with the style.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "Give 1 or more.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a number above 0.")
        require(self.batch >= 1, "--batch", self.batch, "Give 1 or more.")
        require(self.crop >= 64 and self.crop % 16 == 0, "--crop", self.crop, "Give a multiple of 16, 64 or more.")
        require(self.style_size >= 64, "--style-size", self.style_size, "Give 64 or more.")
        require(1 <= self.style_scales <= 4, "--style-scales", self.style_scales, "Give 1 to 4.")
        require(self.crop >= 8 << self.style_scales, "--crop", self.crop, "Give more, or fewer --style-scales.")
        require(self.style_weight > 0, "--style-weight", self.style_weight, "Give a weight above 0.")
        _require_loss(self)


@dataclass(frozen=True, slots=True)
class StylePredictorTrainingSettings:
    """How the network that predicts a style from any image is trained."""

    photos: Path = cli_field(MISSING, "Folder of photos to stylise.")
    paintings: Path = cli_field(MISSING, "Folder of style images.")
    loss_network: Path | None = cli_field(None, "VGG-16 or VGG-19 weights. Default: the built-in VGG-16.")
    teacher: Path | None = cli_field(
        None, "Style predictor to imitate, in place of the loss: fast, to start a network of another shape."
    )
    shape: NetworkShape = cli_field(
        NetworkShape.separable, "Shape of the network; published, of the paper's size, starts from random weights only."
    )
    favoured: Path | None = cli_field(None, "Folder of style images used for a third of the training images.")
    steps: int = cli_field(8000, "Training steps.")
    minutes: float | None = cli_field(None, "Training time in minutes, instead of --steps.")
    batch: int = cli_field(4, "Images per step.")
    crop: int = cli_field(192, "Side in pixels of the training images.")
    style_scales: int = cli_field(2, "Sizes at which the style is compared, each half of the one before.")
    style_weight: float = cli_field(1.0, "Weight of the style loss, relative to the content loss.")
    palette_weight: float = cli_field(4.0, "Weight of the distance of the colours from those of the style image.")
    tv_weight: float = cli_field(1.0, "Weight of total variation.")
    noise_weight: float = cli_field(
        50.0, "Weight of stability against noise, compression, shifts and changes of brightness."
    )
    learning_rate: float = cli_field(1e-3, "Maximum learning rate of Adam.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "Give 1 or more.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a number above 0.")
        require(1 <= self.batch <= 16, "--batch", self.batch, "Give 1 to 16.")
        require(self.crop >= 64 and self.crop % 16 == 0, "--crop", self.crop, "Give a multiple of 16, 64 or more.")
        require(1 <= self.style_scales <= 4, "--style-scales", self.style_scales, "Give 1 to 4.")
        require(self.crop >= 8 << self.style_scales, "--crop", self.crop, "Give more, or fewer --style-scales.")
        require(self.style_weight > 0, "--style-weight", self.style_weight, "Give a weight above 0.")
        _require_loss(self)


@dataclass(frozen=True, slots=True)
class UpscalerTrainingSettings:
    """How the network that upscales stylised frames is trained."""

    photos: Path = cli_field(MISSING, "Folder of photos to stylise in the built-in styles.")
    paintings: Path = cli_field(MISSING, "Folder of paintings to train on as they are.")
    steps: int = cli_field(8000, "Training steps.")
    minutes: float | None = cli_field(None, "Training time in minutes, instead of --steps.")
    batch: int = cli_field(6, "Images per step.")
    crop: int = cli_field(192, "Side in pixels of the upscaled training images.")
    learning_rate: float = cli_field(1e-3, "Maximum learning rate of Adam.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "Give 1 or more.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a number above 0.")
        require(3 <= self.batch <= 64, "--batch", self.batch, "Give 3 to 64.")
        require(self.crop >= 64 and self.crop % 16 == 0, "--crop", self.crop, "Give a multiple of 16, 64 or more.")
