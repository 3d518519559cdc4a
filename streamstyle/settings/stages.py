"""The settings of the stages: frozen dataclasses that raise SettingsError for a value that cannot work."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from streamstyle.errors import SettingsError
from streamstyle.settings.choices import Deinterlace, Distribute, FlowPreset, Init, Method

MIN_SIDE = 32
MAX_SIDE = 8192
MAX_LOOKBACK = 32
MAX_UPSCALE = 4


def cli_field(default: Any, help: str) -> Any:
    """Return a dataclass field that is also a command line option."""
    return field(default=default, metadata={"help": help})


def require(condition: bool, name: str, value: object, next_step: str) -> None:
    """Raise SettingsError unless the condition holds."""
    if not condition:
        raise SettingsError(f"{name} cannot be {value}", next_step)


def _is_rising(numbers: tuple[int, ...]) -> bool:
    return all(before < after for before, after in pairwise(numbers))


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Which range of the video is read, and the size to work at."""

    size: tuple[int, int] | None = cli_field(
        None, "Size to work at, such as 640x360; the display aspect ratio is kept. Default: the film's."
    )
    height: int | None = cli_field(None, "Height to work at; the width follows.")
    max_height: int | None = cli_field(None, "Height to work at if the film is higher, without --height and --size.")
    frame_rate: Fraction | None = cli_field(
        None, "Frames per second of an image sequence, such as 24, 23.976 or 24000/1001. Default: 25."
    )
    deinterlace: Deinterlace = cli_field(
        Deinterlace.auto, "Deinterlace, by FFmpeg's bwdif; auto: the frames that are marked, if the first one is."
    )
    start: float | None = None
    """Seconds; None for the start of the video."""
    end: float | None = None
    """Seconds; None for the end of the video."""
    queue_bytes: int = 128 << 20
    """Upper bound of the frames that are decoded ahead."""

    def __post_init__(self) -> None:
        if self.size is not None:
            require(self.height is None, "--height", self.height, "Give --size or --height, not both.")
            for side in self.size:
                require(
                    MIN_SIDE <= side <= MAX_SIDE,
                    "--size",
                    f"{self.size[0]}x{self.size[1]}",
                    f"Give {MIN_SIDE} to {MAX_SIDE} pixels for each side.",
                )
        for option, height in (("--height", self.height), ("--max-height", self.max_height)):
            if height is not None:
                require(MIN_SIDE <= height <= MAX_SIDE, option, height, f"Give {MIN_SIDE} to {MAX_SIDE} pixels.")
        require(
            0 < self.sequence_rate <= 1000,
            "--frame-rate",
            self.frame_rate,
            "Give up to 1000, such as 24 or 30000/1001.",
        )
        if self.start is not None and self.end is not None:
            require(
                0 <= self.start < self.end,
                "the range",
                f"{self.start:g}-{self.end:g} s",
                "Give an end after its start.",
            )

    @property
    def sequence_rate(self) -> Fraction:
        """Frames per second of an image sequence."""
        return Fraction(25) if self.frame_rate is None else self.frame_rate


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """How optical flow is computed and cached."""

    flow: FlowPreset = cli_field(
        FlowPreset.medium, "Optical flow: DIS with one of three presets, or DeepFlow, slower and more accurate."
    )
    flow_workers: int = cli_field(0, "Frame pairs computed in parallel; 0: half the number of threads, at most 8.")
    flow_cache: float = cli_field(
        8.0, "Size in GB of the flow cache, which later runs on the same film reuse; 0: no cache."
    )

    def __post_init__(self) -> None:
        require(
            self.flow_workers >= 0,
            "--flow-workers",
            self.flow_workers,
            "Give 1 or more, or 0 to choose it by the number of threads.",
        )
        require(self.flow_cache >= 0, "--flow-cache", self.flow_cache, "Give a size in GB, or 0 for no cache.")


@dataclass(frozen=True, slots=True)
class ConsistencySettings:
    """How a frame is made consistent with those before; weights are of per-pixel means, the same at every size."""

    method: Method = cli_field(
        Method.live,
        "johnson: each frame on its own, flickers; live: blended with the frames before along the flow, nearly as "
        "fast; consistent: optimised by a loss network, slow; ruder: optimised towards the style image itself, slower.",
    )
    steadiness: float = cli_field(
        0.5, "From 0 (crisp: each frame near its own stylisation) to 1 (still); all but johnson, which has none."
    )
    iterations: int = cli_field(30, "L-BFGS iterations per frame (consistent, ruder).")
    lookback: tuple[int, ...] = cli_field(
        (1,), "Previous frames to stay consistent with; 1,2,4 adds those two and four back, for areas that reappear."
    )
    temporal_weight: float | None = cli_field(
        None,
        "Weight of the temporal loss, against the warped previous frame (all but johnson). Default: 9000; for ruder by "
        "--steadiness, 9000 at 0.5.",
    )
    pixel_weight: float | None = cli_field(
        None,
        "Weight of the pixel loss, against the stylised frame (live, consistent). Default: by --steadiness, 691 at "
        "0.5.",
    )
    perceptual_weight: float = cli_field(
        30.0, "Weight of the perceptual loss at relu4_2, against the stylised frame (consistent)."
    )
    style_weight: float = cli_field(
        8.0, "Weight of the style loss (Gram matrices), against the stylised frame (consistent)."
    )
    tv_weight: float = cli_field(
        40000.0, "Weight of the total variation of the optimised change, against grain (consistent)."
    )
    tone: bool = cli_field(
        False,
        "Draw the tone of what is carried towards that of the frame, against patches as light changes (consistent).",
    )
    loss_network: Path | None = cli_field(
        None, "VGG-16 or VGG-19 weights. Default: the built-in VGG-16 for ruder, else the slim loss network."
    )

    def __post_init__(self) -> None:
        least = 1 if self.method is Method.ruder else 0
        require(self.iterations >= least, "--iterations", self.iterations, f"Give {least} or more.")
        require(
            self.lookback[:1] == (1,) and self.lookback[-1] <= MAX_LOOKBACK and _is_rising(self.lookback),
            "--lookback",
            ",".join(map(str, self.lookback)) or "empty",
            f"Give 1 or rising numbers that start with 1, such as 1,2,4, up to {MAX_LOOKBACK}.",
        )
        require(0 <= self.steadiness <= 1, "--steadiness", self.steadiness, "Give 0 to 1.")
        for name in ("temporal_weight", "pixel_weight", "perceptual_weight", "style_weight", "tv_weight"):
            value = getattr(self, name)
            require(value is None or 0 <= value < float("inf"), f"--{name.replace('_', '-')}", value, "Give 0 or more.")
        require(
            self.method in {Method.johnson, Method.ruder}
            or self.effective_temporal_weight + self.effective_pixel_weight > 0,
            "--temporal-weight and --pixel-weight",
            "both 0",
            "Set one of them above 0, or use --method johnson.",
        )

    @property
    def effective_temporal_weight(self) -> float:
        """The weight that was given, or that of the steadiness."""
        if self.temporal_weight is not None:
            return self.temporal_weight
        return 9000.0 * 10.0 ** (2 * self.steadiness - 1) if self.method is Method.ruder else 9000.0

    @property
    def effective_pixel_weight(self) -> float:
        """The weight that was given, or that of the steadiness."""
        return 691.0 * 6.0 ** (1 - 2 * self.steadiness) if self.pixel_weight is None else self.pixel_weight


@dataclass(frozen=True, slots=True)
class RuderSettings:
    """The objective of Ruder et al. (2016) in mean form; its temporal weight is that of `ConsistencySettings`."""

    style_image: Path | None = cli_field(None, "Style image. Default: the image given as --style.")
    init: Init = cli_field(
        Init.previous_warped,
        "Initial image of a frame. The first frame of a shot starts from its source image, unless it is random.",
    )
    first_iterations: int = cli_field(200, "L-BFGS iterations of the first frame of a shot, if more than --iterations.")
    passes: int = cli_field(1, "Passes over each shot, alternately forward and backward.")
    content_weight: float = cli_field(45.0, "Weight of the content loss at relu4_2, against the source frame.")
    style_image_weight: float = cli_field(900.0, "Weight of the style loss (Gram matrices), against the style image.")
    image_tv_weight: float = cli_field(1500.0, "Weight of the total variation of the output.")

    def __post_init__(self) -> None:
        require(self.first_iterations >= 0, "--first-iterations", self.first_iterations, "Give 0 or more.")
        require(1 <= self.passes <= 100, "--passes", self.passes, "Give 1 to 100.")
        for name in ("content_weight", "style_image_weight", "image_tv_weight"):
            value = getattr(self, name)
            require(0 <= value < float("inf"), f"--{name.replace('_', '-')}", value, "Give 0 or more.")


@dataclass(frozen=True, slots=True)
class StyleSettings:
    """How a frame is stylised."""

    strength: float = cli_field(1.0, "Strength of the style, from 0 (the source image) to 1.")
    style_scale: float = cli_field(1.0, "Size of the brush strokes; 2: twice as large.")
    preserve_colour: bool = cli_field(False, "Keep the colours of the source; the style changes brightness only.")

    def __post_init__(self) -> None:
        require(0 <= self.strength <= 1, "--strength", self.strength, "Give 0 to 1.")
        require(0.25 <= self.style_scale <= 4, "--style-scale", self.style_scale, "Give 0.25 to 4.")


@dataclass(frozen=True, slots=True)
class UpscaleSettings:
    """How much larger the output is than the size worked at."""

    upscale: int = cli_field(
        1, "Factor to upscale the output by, with a network trained on brush strokes: 1, 2, 3 or 4."
    )

    def __post_init__(self) -> None:
        require(1 <= self.upscale <= MAX_UPSCALE, "--upscale", self.upscale, "Give 1, 2, 3 or 4.")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How the output is encoded."""

    codec: str = cli_field("libx264", "FFmpeg video encoder, such as libx264, libx265 or libsvtav1.")
    crf: int = cli_field(18, "Constant rate factor; lower: better quality, larger file.")
    preset: str = cli_field(
        "faster",
        "Speed preset of the encoder. At the same --crf a slower one gives hardly a better picture, and the fast "
        "methods wait for it.",
    )
    pix_fmt: str | None = cli_field(
        None,
        "Pixel format of the output, such as yuv420p, yuv422p10le or rgb48. Default: by the encoder, with an alpha if "
        "the film has one; images have the film's bits.",
    )
    full_range: bool = cli_field(False, "Write YUV in full range, not in that of television.")
    faststart: bool = cli_field(
        False,
        "Put the index of MP4 and MOV in front, so that a browser plays what it has loaded; the file is copied once at "
        "the end.",
    )

    def __post_init__(self) -> None:
        require(0 <= self.crf <= 63, "--crf", self.crf, "Give 0 to 63; 18 looks like the source.")


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Whether and how a film is painted on several machines."""

    cluster: str | None = cli_field(
        None,
        "Paint in pieces on a cluster: local or local:N for N workers on this machine, tcp://HOST:PORT or "
        "tls://HOST:PORT of a scheduler, or a scheduler file.",
    )
    distribute: Distribute = cli_field(
        Distribute.pieces,
        "pieces: each worker paints a part of the film; flow: this machine paints, the workers compute optical flow.",
    )
    piece_length: float = cli_field(
        60.0, "Seconds into which takes longer than that are split, about; a shot is a piece of its own."
    )
    exact: bool = cli_field(
        False, "Refuse workers whose arithmetic differs, from which frames come out slightly different."
    )

    def __post_init__(self) -> None:
        require(
            self.cluster is not None or self.distribute is Distribute.pieces,
            "--distribute",
            f"{self.distribute} without a cluster",
            "Give --cluster, too.",
        )
        require(1 <= self.piece_length <= 86400, "--piece-length", self.piece_length, "Give 1 to 86400 seconds.")
