"""The films of a comparison as one, side by side with labels, and with the source's sound."""

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

from streamstyle.compare.charts import Colour, film_colour
from streamstyle.compare.events import Compared, ComparedFilm, SideBySideFrameWritten
from streamstyle.events import Observer
from streamstyle.frames import Frame, OutputFrame
from streamstyle.media.images import RgbImage
from streamstyle.media.probe import probe
from streamstyle.ops.image import to_tensor
from streamstyle.pipeline import write_all
from streamstyle.prefetch import prefetch
from streamstyle.settings import EncoderSettings, SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.stages.writer import VideoWriter, open_writer
from streamstyle.timing import StageTimer
from streamstyle.video_info import VideoInfo

_AHEAD = 4
"""Frames of each film that are decoded ahead."""


def check_side_by_side(film: VideoInfo, methods: int, output: Path) -> None:
    """Raise OutputError, before any work is done, where the film of so many methods could not be written."""
    with _open_writer(film, fit_grid(1 + methods, film.width, film.height), output):
        return  # without a frame nothing remains of it


def _open_writer(film: VideoInfo, grid: Grid, output: Path) -> AbstractContextManager[VideoWriter]:
    width, height = grid.size
    return open_writer(replace(film, width=width, height=height), output, EncoderSettings())


def write_side_by_side(
    film: VideoInfo, compared: Compared, output: Path, observe: Observer, stop: threading.Event
) -> bool:
    """Write the source and the methods' films side by side; return whether it came to its end before `stop` was set.

    Raises OutputError where it cannot be written.
    """
    parts = [Path(row.output) for row in compared.films if row.kind == "method"]
    grid = fit_grid(1 + len(parts), film.width, film.height)
    background = draw_background(grid, make_labels(compared))

    def frame_written(frame: OutputFrame) -> None:
        observe(SideBySideFrameWritten(writer.frames, film.frames))

    with ExitStack() as stack:
        writer = stack.enter_context(_open_writer(film, grid, output))
        films = (film, *(_probe_at_size_of(part, film) for part in parts))
        decoded = [stack.enter_context(prefetch(decode(each), ahead=_AHEAD)) for each in films]
        whole = write_all(_side_by_side(decoded, grid, background), writer, stop, frame_written, StageTimer())
    if not whole:
        writer.partial.unlink(missing_ok=True)  # the films it is made of are kept; it is soon made again
    return whole


def _side_by_side(
    films: Sequence[Iterator[Frame]],
    grid: Grid,
    background: RgbImage,
) -> Iterator[OutputFrame]:
    """Yield the frames of all films composed into one, at the times of the first."""
    for frames in zip(*films, strict=True):
        image = to_tensor(compose(grid, background, [frame.image for frame in frames]))
        yield OutputFrame(image, frames[0].position)


def make_labels(compared: Compared) -> list[Label]:
    """Return what stands under each film: the source and the methods."""
    shown = [row for row in compared.films if row.kind != "control"]
    return [
        Label(row.name, _caption_figures(row, compared.baseline), film_colour(place)) for place, row in enumerate(shown)
    ]


def _caption_figures(row: ComparedFilm, reference: str) -> str:
    flicker = row.ratios.get("warping_error_1")
    steady = "" if flicker is None else f"flicker {flicker:.2f}"
    if row.seconds_per_frame is None:
        return f"{steady} of {reference}'s" if steady else ""
    return "   ".join(part for part in (f"{row.seconds_per_frame:.2g} s/frame", steady) if part)


def _probe_at_size_of(part: Path, film: VideoInfo) -> VideoInfo:
    return probe(part, SourceSettings(size=(film.width, film.height)))


MAX_WIDTH, MAX_HEIGHT = 3840, 2160
"""Pixels that the whole is never larger than."""

GAP = 4
"""Pixels between cells, and round them."""

BACKGROUND: Colour = (22, 22, 26)
TEXT_COLOUR: Colour = (240, 238, 234)
DIM_TEXT_COLOUR: Colour = (172, 170, 166)

_MIN_CAPTION = 16
"""Pixels that a label needs however small the picture is; large ones take 14 hundredths of its height beside."""

_SCREEN_ASPECT = 16 / 9
_EMPTY_CELL_PENALTY = 1.2
"""How much an empty cell in all of them counts against a shape, beside the logarithm of its ratio to a screen's."""


@dataclass(frozen=True, slots=True)
class Label:
    """What stands under a picture."""

    name: str
    figures: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Grid:
    """The layout, in pixels."""

    columns: int
    rows: int
    width: int
    """Of a picture."""
    height: int
    """Of a picture."""
    text_height: int
    """Height of a label's first line; the second is four fifths of it."""

    @property
    def caption_height(self) -> int:
        """Height of the band under a picture."""
        return round(2.6 * self.text_height)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole, even as encoders want them."""
        width = self.columns * (self.width + GAP) + GAP
        height = self.rows * (self.height + self.caption_height + GAP) + GAP
        return width + width % 2, height + height % 2

    def position(self, cell: int) -> tuple[int, int]:
        """Return the upper left corner (x, y) of a cell's picture."""
        row, column = divmod(cell, self.columns)
        return GAP + column * (self.width + GAP), GAP + row * (self.height + self.caption_height + GAP)


def grid_shape(count: int, aspect: float) -> tuple[int, int]:
    """Return columns and rows for so many cells: near the shape of a screen, with few empty ones."""

    def unfitness(columns: int) -> float:
        rows = -(-count // columns)
        return abs(math.log(aspect * columns / rows / _SCREEN_ASPECT)) + _EMPTY_CELL_PENALTY * (
            1 - count / (columns * rows)
        )

    columns = min(range(count, 0, -1), key=unfitness)
    return columns, -(-count // columns)


def fit_grid(count: int, width: int, height: int) -> Grid:
    """Return the layout for so many pictures, which are made smaller where all together would be too large."""
    columns, rows = grid_shape(count, width / height)
    across, down = MAX_WIDTH / columns - 2 * GAP, MAX_HEIGHT / rows - 2 * GAP - _MIN_CAPTION
    scale = min(1.0, across / width, down / (1.14 * height))
    width, height = round(scale * width), round(scale * height)
    return Grid(columns, rows, width, height, text_height=max(11, round(5 + min(width / 32, height / 20))))


def draw_background(grid: Grid, labels: Sequence[Label]) -> RgbImage:
    """Return the whole without pictures: paper and labels, drawn once a film."""
    width, height = grid.size
    canvas: RgbImage = np.full((height, width, 3), BACKGROUND, np.uint8)
    for cell, label in enumerate(labels):
        x, y = grid.position(cell)
        _draw_caption(
            canvas[y + grid.height : y + grid.height + grid.caption_height, x : x + grid.width], label, grid.text_height
        )
    return canvas


def _draw_caption(band: RgbImage, label: Label, text_height: int) -> None:
    margin, small = max(3, text_height // 3), round(0.8 * text_height)
    band[margin : margin + text_height, :margin] = label.colour
    room = band.shape[1] - 3 * margin
    render_text(label.name, text_height, room).draw(band, 2 * margin, margin, TEXT_COLOUR)
    render_text(label.figures, small, room).draw(band, 2 * margin, round(1.6 * text_height), DIM_TEXT_COLOUR)


def compose(
    grid: Grid,
    background: RgbImage,  # from `backdrop`
    pictures: Sequence[RgbImage],  # of one size, in the order of the labels
) -> RgbImage:
    """Return the whole with its pictures."""
    canvas = background.copy()
    for cell, picture in enumerate(pictures):
        x, y = grid.position(cell)
        fits = picture.shape[:2] == (grid.height, grid.width)
        shown = picture if fits else cv2.resize(picture, (grid.width, grid.height), interpolation=cv2.INTER_AREA)
        canvas[y : y + grid.height, x : x + grid.width] = shown
    return canvas


_OVERSAMPLING = 4
"""Letters are drawn at this many times their size, then averaged."""

_FONT, _FONT_HEIGHT = cv2.FONT_HERSHEY_DUPLEX, 30.0
"""The font, and the pixels from its lowest to its highest at a scale of 1."""


@dataclass(frozen=True, slots=True)
class TextMask:
    """A line of text as it will be drawn."""

    text: str
    coverage: NDArray[np.float32]
    """[h, w] in [0, 1]: how much of each pixel is ink."""

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.coverage.shape[1])

    def draw(self, picture: RgbImage, x: int, y: int, ink: Colour) -> None:
        """Put the line into the picture, its upper left corner at (x, y); what does not fit is cut off."""
        height, width = picture.shape[:2]
        ink_here = self.coverage[: max(0, height - y), : max(0, width - x), None]
        place = picture[y : y + ink_here.shape[0], x : x + ink_here.shape[1]]
        place[:] = np.round(place + ink_here * (np.array(ink, np.float32) - place)).astype(np.uint8)


@lru_cache(maxsize=256)
def render_text(
    text: str,
    height: int,  # pixels from the lowest to the highest letter
    width: int | None = None,  # pixels there are; the text is shortened to fit
) -> TextMask:
    """Return a line of text; its picture is as high as asked for."""
    words = _render_mask(text, height)
    shorter = text
    while width is not None and words.width > width and len(shorter) > 1:
        shorter = shorter[:-1].rstrip()
        words = _render_mask(f"{shorter}...", height)
    return words


def _render_mask(text: str, height: int) -> TextMask:
    scale, thickness = height * _OVERSAMPLING / _FONT_HEIGHT, max(1, round(height * _OVERSAMPLING / 16))
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, thickness)
    large = np.zeros((height * _OVERSAMPLING, -(-width // _OVERSAMPLING) * _OVERSAMPLING + _OVERSAMPLING, 3), np.uint8)
    cv2.putText(
        large, text, (0, round(0.76 * height * _OVERSAMPLING)), _FONT, scale, (255, 255, 255), thickness, cv2.LINE_AA
    )
    small = cv2.resize(large[..., 0], (large.shape[1] // _OVERSAMPLING, height), interpolation=cv2.INTER_AREA)
    return TextMask(text, np.asarray(small / 255, np.float32))
