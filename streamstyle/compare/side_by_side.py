"""The side-by-side film of a comparison: source and methods in a grid of labelled cells, with the source's sound."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamstyle.compare.events import Compared, ComparedFilm, SideBySideFrameWritten
from streamstyle.compare.markup import Colour, film_colour
from streamstyle.events import Observer
from streamstyle.frames import Frame, OutputFrame
from streamstyle.media.images import RgbImage
from streamstyle.media.probe import probe
from streamstyle.ops.image import to_tensor
from streamstyle.outputs import open_writer
from streamstyle.pipeline import write_all
from streamstyle.prefetch import prefetch
from streamstyle.resume.checkpoint import remove_checkpoint
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.writer import VideoWriter
from streamstyle.timing import StageTimer
from streamstyle.video_info import VideoInfo

MAX_WIDTH, MAX_HEIGHT = 3840, 2160
"""Largest size of the side-by-side film in pixels."""

GAP = 4
"""Pixels between and around the cells."""

BACKGROUND: Colour = (22, 22, 26)
TEXT_COLOUR: Colour = (240, 238, 234)
DIM_TEXT_COLOUR: Colour = (172, 170, 166)

_PREFETCH = 4
"""Frames of each film that are decoded ahead."""

_MIN_CAPTION = 16
"""Height in pixels of the caption of a very small frame; for others 14 hundredths of the frame's height come on top."""

_SCREEN_ASPECT = 16 / 9
_EMPTY_CELL_PENALTY = 1.2
"""Weight of the share of empty cells against the logarithm of the grid's aspect ratio over a screen's."""

_OVERSAMPLING = 4
"""Letters are drawn at this many times their size, then averaged."""

_FONT, _FONT_HEIGHT = cv2.FONT_HERSHEY_DUPLEX, 30.0
"""The font, and its pixels from the lowest to the highest letter at scale 1."""


def check_side_by_side(video: VideoInfo, methods: int, output: Path) -> None:
    """Raise OutputError, before any work is done, if the film of so many methods could not be written."""
    with _open_writer(video, fit_grid(1 + methods, video.width, video.height), output):
        return  # closed without a frame, the writer leaves no file


def write_side_by_side(
    video: VideoInfo, compared: Compared, output: Path, observe: Observer, stop: threading.Event
) -> bool:
    """Write source and methods side by side; return whether it was finished before `stop` was set.

    Raises OutputError if it cannot be written.
    """
    paths = [Path(film.output) for film in compared.films if film.kind == "method"]
    grid = fit_grid(1 + len(paths), video.width, video.height)
    background = draw_background(grid, make_labels(compared))

    def frame_written(frame: OutputFrame) -> None:
        observe(SideBySideFrameWritten(writer.frames, video.frames))

    with ExitStack() as stack:
        writer = stack.enter_context(_open_writer(video, grid, output))
        videos = (video, *(probe(path, SourceSettings(size=(video.width, video.height))) for path in paths))
        decoded = [stack.enter_context(prefetch(decode(each), ahead=_PREFETCH)) for each in videos]
        finished = write_all(_compose_frames(decoded, grid, background), writer, stop, frame_written, StageTimer())
    if not finished:
        writer.partial.unlink(missing_ok=True)  # quickly made again from the archived films
        remove_checkpoint(output)
    return finished


def _open_writer(video: VideoInfo, grid: Grid, output: Path) -> AbstractContextManager[VideoWriter]:
    width, height = grid.size
    return open_writer(replace(video, width=width, height=height), output, EncoderSettings())


def _compose_frames(films: Sequence[Iterator[Frame]], grid: Grid, background: RgbImage) -> Iterator[OutputFrame]:
    """Yield the frames of all films composed into one, with the positions of the first film's."""
    for frames in zip(*films, strict=True):
        image = to_tensor(compose(grid, background, [frame.image for frame in frames]))
        yield OutputFrame(image, frames[0].position, captions=frames[0].captions)


@dataclass(frozen=True, slots=True)
class Label:
    """The caption of a cell."""

    name: str
    figures: str
    colour: Colour


def make_labels(compared: Compared) -> list[Label]:
    """Return the captions of the source and the methods."""
    shown = [film for film in compared.films if film.kind != "control"]
    return [
        Label(film.name, _caption_figures(film, compared.baseline), film_colour(index))
        for index, film in enumerate(shown)
    ]


def _caption_figures(film: ComparedFilm, baseline: str) -> str:
    ratio = film.ratios.get("warping_error_1")
    flicker = "" if ratio is None else f"flicker {ratio:.2f}"
    if film.seconds_per_frame is None:
        return f"{flicker} of {baseline}'s" if flicker else ""
    seam = film.metrics.get("seam")
    others = [f"sharp {film.ratios['sharpness']:.2f}" if "sharpness" in film.ratios else ""]
    others += [f"seam {seam:.2f}" if seam is not None else ""]
    return "   ".join(part for part in (f"{film.seconds_per_frame:.2g} s/frame", flicker, *others) if part)


@dataclass(frozen=True, slots=True)
class Grid:
    """The layout, in pixels."""

    columns: int
    rows: int
    width: int
    """Of a frame in its cell."""
    height: int
    """Of a frame in its cell."""
    text_height: int
    """Height of a caption's first line; the second is four fifths of it."""

    @property
    def caption_height(self) -> int:
        """Height of the caption below a frame."""
        return round(2.6 * self.text_height)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the side-by-side film, both even as encoders require."""
        width = self.columns * (self.width + GAP) + GAP
        height = self.rows * (self.height + self.caption_height + GAP) + GAP
        return width + width % 2, height + height % 2

    def position(self, cell: int) -> tuple[int, int]:
        """Return the upper left corner (x, y) of a cell's frame."""
        row, column = divmod(cell, self.columns)
        return GAP + column * (self.width + GAP), GAP + row * (self.height + self.caption_height + GAP)


def fit_grid(count: int, width: int, height: int) -> Grid:
    """Return the layout for `count` frames of a size, scaled down if together they would be too large."""
    columns, rows = grid_shape(count, width / height)
    max_width, max_height = MAX_WIDTH / columns - 2 * GAP, MAX_HEIGHT / rows - 2 * GAP - _MIN_CAPTION
    scale = min(1.0, max_width / width, max_height / (1.14 * height))
    width, height = round(scale * width), round(scale * height)
    return Grid(columns, rows, width, height, text_height=max(11, round(5 + min(width / 32, height / 20))))


def grid_shape(count: int, aspect: float) -> tuple[int, int]:
    """Return columns and rows for `count` cells: near the aspect ratio of a screen, with few empty cells."""

    def cost(columns: int) -> float:
        rows = -(-count // columns)
        empty = 1 - count / (columns * rows)
        return abs(math.log(aspect * columns / rows / _SCREEN_ASPECT)) + _EMPTY_CELL_PENALTY * empty

    columns = min(range(count, 0, -1), key=cost)
    return columns, -(-count // columns)


def draw_background(grid: Grid, labels: Sequence[Label]) -> RgbImage:
    """Return the image without the frames: background and captions, drawn once per film."""
    width, height = grid.size
    canvas: RgbImage = np.full((height, width, 3), BACKGROUND, np.uint8)
    for cell, label in enumerate(labels):
        x, y = grid.position(cell)
        top = y + grid.height
        _draw_caption(canvas[top : top + grid.caption_height, x : x + grid.width], label, grid.text_height)
    return canvas


def _draw_caption(band: RgbImage, label: Label, text_height: int) -> None:
    margin, small = max(3, text_height // 3), round(0.8 * text_height)
    band[margin : margin + text_height, :margin] = label.colour
    available = band.shape[1] - 3 * margin
    render_text(label.name, text_height, available).draw(band, 2 * margin, margin, TEXT_COLOUR)
    render_text(label.figures, small, available).draw(band, 2 * margin, round(1.6 * text_height), DIM_TEXT_COLOUR)


def compose(
    grid: Grid,
    background: RgbImage,  # from `draw_background`
    images: Sequence[RgbImage],  # of one size, in the order of the labels
) -> RgbImage:
    """Return the background with the images in their cells."""
    canvas = background.copy()
    for cell, image in enumerate(images):
        x, y = grid.position(cell)
        fits = image.shape[:2] == (grid.height, grid.width)
        scaled = image if fits else cv2.resize(image, (grid.width, grid.height), interpolation=cv2.INTER_AREA)
        canvas[y : y + grid.height, x : x + grid.width] = scaled
    return canvas


@dataclass(frozen=True, slots=True)
class TextMask:
    """A rendered line of text."""

    text: str
    coverage: NDArray[np.float32]
    """[h, w] in [0, 1]: how much of each pixel the letters cover."""

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.coverage.shape[1])

    def draw(self, image: RgbImage, x: int, y: int, colour: Colour) -> None:
        """Draw the line into the image with its upper left corner at (x, y), clipped to the image."""
        height, width = image.shape[:2]
        coverage = self.coverage[: max(0, height - y), : max(0, width - x), None]
        region = image[y : y + coverage.shape[0], x : x + coverage.shape[1]]
        region[:] = np.round(region + coverage * (np.array(colour, np.float32) - region)).astype(np.uint8)


@lru_cache(maxsize=256)
def render_text(
    text: str,
    height: int,  # pixels from the lowest to the highest letter
    max_width: int | None = None,  # pixels; longer text is shortened
) -> TextMask:
    """Return a line of text, rendered as a mask of the given height."""
    mask = _render_mask(text, height)
    shortened = text
    while max_width is not None and mask.width > max_width and len(shortened) > 1:
        shortened = shortened[:-1].rstrip()
        mask = _render_mask(f"{shortened}...", height)
    return mask


def _render_mask(text: str, height: int) -> TextMask:
    scale, thickness = height * _OVERSAMPLING / _FONT_HEIGHT, max(1, round(height * _OVERSAMPLING / 16))
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, thickness)
    large = np.zeros((height * _OVERSAMPLING, -(-width // _OVERSAMPLING) * _OVERSAMPLING + _OVERSAMPLING, 3), np.uint8)
    cv2.putText(
        large, text, (0, round(0.76 * height * _OVERSAMPLING)), _FONT, scale, (255, 255, 255), thickness, cv2.LINE_AA
    )
    small = cv2.resize(large[..., 0], (large.shape[1] // _OVERSAMPLING, height), interpolation=cv2.INTER_AREA)
    return TextMask(text, np.asarray(small / 255, np.float32))
