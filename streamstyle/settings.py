"""Every setting there is: frozen, split by stage, refused when it cannot work.

The command line's options and their help derive from these dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from streamstyle.errors import SettingsError

MIN_SIDE = 32
MAX_SIDE = 8192
MAX_LOOKBACK = 32
MAX_UPSCALE = 4


class Method(StrEnum):
    """How the output follows from the per-frame stylisation."""

    johnson = "johnson"
    live = "live"
    consistent = "consistent"
    ruder = "ruder"


class Init(StrEnum):
    """What the optimisation of a frame starts from."""

    random = "random"
    image = "image"
    previous = "previous"
    previous_warped = "previous-warped"


class FlowPreset(StrEnum):
    """Which optical flow, fastest first."""

    ultrafast = "ultrafast"
    fast = "fast"
    medium = "medium"
    deepflow = "deepflow"


class Device(StrEnum):
    """Where the networks run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def cli_field(default: Any, help: str) -> Any:
    """A dataclass field that is also a command line option."""
    return field(default=default, metadata={"help": help})


def require(condition: bool, name: str, value: object, next_step: str) -> None:
    """Raise SettingsError, unless a value can work."""
    if not condition:
        raise SettingsError(f"{name} cannot be {value}", next_step)


def _is_rising(numbers: tuple[int, ...]) -> bool:
    return all(before < after for before, after in pairwise(numbers))


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Which part of the film is read, and at what size."""

    size: tuple[int, int] | None = cli_field(None, "Working size WxH; the picture's shape is kept by its pixel aspect.")
    height: int | None = cli_field(None, "Working height; the width follows.")
    start: float | None = None
    """Seconds; None for the film's beginning."""
    end: float | None = None
    """Seconds; None for the film's end."""
    queue_bytes: int = 128 << 20
    """Decoded pictures held ahead of the work."""

    def __post_init__(self) -> None:
        if self.size is not None:
            require(self.height is None, "--height", self.height, "Give --size or --height, not both.")
            for side in self.size:
                require(
                    MIN_SIDE <= side <= MAX_SIDE,
                    "--size",
                    f"{self.size[0]}x{self.size[1]}",
                    f"Each side lies between {MIN_SIDE} and {MAX_SIDE} pixels.",
                )
        if self.height is not None:
            require(
                MIN_SIDE <= self.height <= MAX_SIDE,
                "--height",
                self.height,
                f"It lies between {MIN_SIDE} and {MAX_SIDE} pixels.",
            )
        if self.start is not None and self.end is not None:
            require(
                0 <= self.start < self.end, "the range", f"{self.start}-{self.end} s", "Its end lies after its start."
            )


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """How the motion between frames is found, and where it is kept."""

    flow: FlowPreset = cli_field(FlowPreset.medium, "Optical flow: DIS at three speeds, or DeepFlow, slow and fine.")
    flow_workers: int = cli_field(
        0, "Pairs of frames worked on at once; 0 for half as many as there are cores, 8 at most."
    )
    flow_cache: float = cli_field(8.0, "GB of disk for flow that later runs on the same film reuse; 0 for none.")

    def __post_init__(self) -> None:
        require(self.flow_workers >= 0, "--flow-workers", self.flow_workers, "Give 1 or more, or 0 to leave it open.")
        require(self.flow_cache >= 0, "--flow-cache", self.flow_cache, "Give a size in GB, or 0 for no cache.")


@dataclass(frozen=True, slots=True)
class ConsistencySettings:
    """The 2016 objective in mean form: weights are per pixel and mean the same at every size."""

    method: Method = cli_field(
        Method.consistent,
        "johnson: each frame alone, which flickers; live: carried over from frame to frame, nearly as fast; "
        "consistent: optimised to be steady and sharp; ruder: optimised towards the painting itself, slow.",
    )
    iterations: int = cli_field(30, "L-BFGS iterations a frame of the methods consistent and ruder.")
    lookback: tuple[int, ...] = cli_field(
        (1,), "Earlier frames to stay with; 1,2,4 adds those two and four back, for what comes out from behind."
    )
    temporal_weight: float = cli_field(9000.0, "Weight of staying with the previous frame, warped.")
    pixel_weight: float = cli_field(
        691.0, "Weight of staying with the frame's own stylisation, pixel by pixel (live, consistent)."
    )
    perceptual_weight: float = cli_field(30.0, "Weight of its features at relu4_2 (consistent).")
    style_weight: float = cli_field(8.0, "Weight of its Gram matrices (consistent).")
    tv_weight: float = cli_field(
        40000.0, "Weight of total variation of what the network changes, against grain (consistent)."
    )
    loss_network: Path | None = cli_field(None, "VGG-16 or VGG-19 weights to use in place of a built-in loss network.")

    def __post_init__(self) -> None:
        least = 1 if self.method is Method.ruder else 0
        require(self.iterations >= least, "--iterations", self.iterations, f"Give {least} or more.")
        require(
            self.lookback[:1] == (1,) and self.lookback[-1] <= MAX_LOOKBACK and _is_rising(self.lookback),
            "--lookback",
            ",".join(map(str, self.lookback)) or "empty",
            f"Give 1, or 1 and frames further back in their order, such as 1,2,4; {MAX_LOOKBACK} is the furthest.",
        )
        for name in ("temporal_weight", "pixel_weight", "perceptual_weight", "style_weight", "tv_weight"):
            value = getattr(self, name)
            require(0 <= value < float("inf"), f"--{name.replace('_', '-')}", value, "Give 0 or more.")
        require(
            self.method in {Method.johnson, Method.ruder} or self.temporal_weight + self.pixel_weight > 0,
            "--temporal-weight and --pixel-weight",
            "both 0",
            "Give one of them a value, or use --method johnson.",
        )


@dataclass(frozen=True, slots=True)
class RuderSettings:
    """The objective of Ruder et al. (2016) in mean form; its temporal weight is that of `ConsistencySettings`."""

    style_image: Path | None = cli_field(None, "The painting, where --style names a style and not an image.")
    init: Init = cli_field(Init.previous_warped, "What a frame starts from; the first of a shot from its image.")
    first_iterations: int = cli_field(200, "Iterations of the first frame of a shot, if they are more.")
    passes: int = cli_field(1, "Times a shot is gone over, by turns forward and backward.")
    content_weight: float = cli_field(45.0, "Weight of the frame's features at relu4_2.")
    style_image_weight: float = cli_field(900.0, "Weight of the painting's Gram matrices.")
    image_tv_weight: float = cli_field(1500.0, "Weight of total variation of the picture.")

    def __post_init__(self) -> None:
        require(self.first_iterations >= 0, "--first-iterations", self.first_iterations, "Give 0 or more.")
        require(1 <= self.passes <= 100, "--passes", self.passes, "It lies between 1 and 100.")
        for name in ("content_weight", "style_image_weight", "image_tv_weight"):
            value = getattr(self, name)
            require(0 <= value < float("inf"), f"--{name.replace('_', '-')}", value, "Give 0 or more.")


@dataclass(frozen=True, slots=True)
class StyleSettings:
    """How a style is put on a frame."""

    strength: float = cli_field(1.0, "How much of the style, from 0, the film as it is, to 1.")
    style_scale: float = cli_field(1.0, "Size of the strokes; 2 makes them twice as large.")
    preserve_colour: bool = cli_field(False, "Keep the film's own colours; the style has the brightness alone.")

    def __post_init__(self) -> None:
        require(0 <= self.strength <= 1, "--strength", self.strength, "It lies between 0 and 1.")
        require(0.25 <= self.style_scale <= 4, "--style-scale", self.style_scale, "It lies between 0.25 and 4.")


@dataclass(frozen=True, slots=True)
class UpscaleSettings:
    """How much larger the result is than the size that is painted at."""

    upscale: int = cli_field(1, "Times that painted frames are enlarged, by a network made for it: 1, 2, 3 or 4.")

    def __post_init__(self) -> None:
        require(1 <= self.upscale <= MAX_UPSCALE, "--upscale", self.upscale, "Give 1, 2, 3 or 4.")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How the result is encoded."""

    codec: str = cli_field("libx264", "FFmpeg's name of the video encoder, such as libx264, libx265 or libsvtav1.")
    crf: int = cli_field(18, "Quality of the encoder; lower is better and larger.")
    preset: str = cli_field("medium", "Speed preset of the encoder.")

    def __post_init__(self) -> None:
        require(0 <= self.crf <= 63, "--crf", self.crf, "It lies between 0 and 63; 18 looks like the source.")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run needs besides the film, the style and the output."""

    source: SourceSettings = SourceSettings()
    flow: FlowSettings = FlowSettings()
    consistency: ConsistencySettings = ConsistencySettings()
    ruder: RuderSettings = RuderSettings()
    style: StyleSettings = StyleSettings()
    upscale: UpscaleSettings = UpscaleSettings()
    encoder: EncoderSettings = EncoderSettings()
    device: Device = cli_field(Device.auto, "Where the networks run.")

    @property
    def is_multi_pass(self) -> bool:
        """Whether each shot is optimised several times, forward and backward."""
        return self.consistency.method is Method.ruder and self.ruder.passes > 1
