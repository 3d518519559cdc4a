"""Every setting of what trains networks; see `settings`."""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from pathlib import Path

from streamstyle.models.metadata import LossWidth, NetworkShape
from streamstyle.settings import cli_field, require


@dataclass(frozen=True, slots=True)
class LossNetworkTrainingSettings:
    """How a loss network is made from VGG-16."""

    vgg: Path = cli_field(MISSING, "VGG-16 weights to distil.")
    photos: Path = cli_field(MISSING, "Folder of photos to look at.")
    paintings: Path | None = cli_field(None, "Folder of paintings to look at, and to paint photos after.")
    width: LossWidth = cli_field(
        LossWidth.slim, "slim: a quarter of the channels, to paint with; wide: half, to learn by."
    )
    steps: int = cli_field(1500, "Steps of fine-tuning.")
    minutes: float | None = cli_field(None, "Time to fine-tune instead of --steps.")
    batch: int = cli_field(8, "Pictures a step.")
    learning_rate: float = cli_field(6e-4, "Step size of Adam, at its largest.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "One step is the fewest.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a time above 0.")
        require(4 <= self.batch <= 64, "--batch", self.batch, "It lies between 4 and 64.")


@dataclass(frozen=True, slots=True)
class StyleTrainingSettings:
    """How a new style is learned from its image."""

    steps: int = cli_field(1500, "Training steps; more is better, and slower.")
    minutes: float | None = cli_field(None, "Time to train instead of --steps.")
    batch: int = cli_field(2, "Pictures a step.")
    crop: int = cli_field(256, "Side in pixels of the pictures trained on.")
    style_size: int = cli_field(
        512, "Short side in pixels at which the style image is seen; larger means larger strokes."
    )
    style_weight: float = cli_field(1.0, "Weight of the style against the content.")
    tv_weight: float = cli_field(1.0, "Weight of smoothness.")
    steady_weight: float = cli_field(50.0, "Weight of painting the same in spite of a camera's noise.")
    learning_rate: float = cli_field(2e-3, "Step size of Adam, at its largest.")
    loss_network: Path | None = cli_field(None, "VGG-16 or VGG-19 weights to learn by; slower, and better.")
    photos: Path | None = cli_field(None, "Folder of photos to train on, beside the built-in procedural pictures.")
    shape: NetworkShape = cli_field(
        NetworkShape.fast, "fast: what ships; published: four times the size, from noise, to compare."
    )
    title: str = cli_field("", "Title of the painting, kept with the style.")
    artist: str = cli_field("", "Who painted it, kept with the style.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "One step is the fewest.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a time above 0.")
        require(self.batch >= 1, "--batch", self.batch, "One picture is the fewest.")
        require(self.crop >= 64 and self.crop % 16 == 0, "--crop", self.crop, "Give a multiple of 16, 64 or more.")
        require(self.style_size >= 64, "--style-size", self.style_size, "Give 64 or more.")
        require(self.style_weight > 0, "--style-weight", self.style_weight, "Give a weight above 0.")


@dataclass(frozen=True, slots=True)
class StylePredictorTrainingSettings:
    """How the network for any style is trained."""

    photos: Path = cli_field(MISSING, "Folder of photos to paint.")
    paintings: Path = cli_field(MISSING, "Folder of paintings to learn from.")
    loss_network: Path = cli_field(MISSING, "VGG-16 weights to learn by.")
    favoured: Path | None = cli_field(None, "Folder of style images that a third of the pictures is painted after.")
    steps: int = cli_field(8000, "Training steps.")
    minutes: float | None = cli_field(None, "Time to train instead of --steps.")
    batch: int = cli_field(4, "Pictures a step.")
    crop: int = cli_field(192, "Side in pixels of the pictures trained on.")
    style_weight: float = cli_field(1.0, "Weight of the style against the content.")
    tv_weight: float = cli_field(1.0, "Weight of smoothness.")
    steady_weight: float = cli_field(50.0, "Weight of painting the same in spite of a camera's noise.")
    learning_rate: float = cli_field(1e-3, "Step size of Adam, at its largest.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "One step is the fewest.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a time above 0.")
        require(1 <= self.batch <= 16, "--batch", self.batch, "It lies between 1 and 16.")
        require(self.crop >= 64 and self.crop % 16 == 0, "--crop", self.crop, "Give a multiple of 16, 64 or more.")
        require(self.style_weight > 0, "--style-weight", self.style_weight, "Give a weight above 0.")


@dataclass(frozen=True, slots=True)
class UpscalerTrainingSettings:
    """How the network that enlarges painted frames is trained."""

    photos: Path = cli_field(MISSING, "Folder of photos to paint in the built-in styles.")
    paintings: Path = cli_field(MISSING, "Folder of paintings to look at.")
    steps: int = cli_field(8000, "Training steps.")
    minutes: float | None = cli_field(None, "Time to train instead of --steps.")
    batch: int = cli_field(6, "Pictures a step.")
    crop: int = cli_field(192, "Side in pixels of what is to come out.")
    learning_rate: float = cli_field(1e-3, "Step size of Adam, at its largest.")

    def __post_init__(self) -> None:
        require(self.steps >= 1, "--steps", self.steps, "One step is the fewest.")
        require(self.minutes is None or self.minutes > 0, "--minutes", self.minutes, "Give a time above 0.")
        require(3 <= self.batch <= 64, "--batch", self.batch, "It lies between 3 and 64.")
        require(self.crop >= 64 and self.crop % 16 == 0, "--crop", self.crop, "Give a multiple of 16, 64 or more.")
