"""streamstyle as a library: a film, its frames one by one, or one image in a style.

    from streamstyle import stylise_film, stylise_frames, stylise_image

These names, their parameters and `Settings` are stable; other modules may change. docs/library.md has examples.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from streamstyle.errors import OutputError
from streamstyle.events import Event, Finished, Observer, Stopped
from streamstyle.gpu.device import select_device
from streamstyle.gpu.memory import gpu_errors_as_device_errors
from streamstyle.media.images import read_image
from streamstyle.media.output_names import check_output, exists_already
from streamstyle.media.probe import probe
from streamstyle.models.weights import prepare_style_net
from streamstyle.ops.image import to_numpy, to_tensor
from streamstyle.pipeline import stylise_video, stylised_frames
from streamstyle.resume.signature import run_inputs
from streamstyle.settings import Settings
from streamstyle.stages.stylise import stylise_image as stylise_tensor
from streamstyle.styles.blending import load_blend
from streamstyle.styles.spec import parse_style

AnyPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class StylisedPicture:
    """One frame of a stylised film."""

    time: float
    """Seconds from the beginning of the film."""
    index: int
    """Count from 0 within what is stylised of the film."""
    shot: int
    """Number of cuts before it."""
    image: NDArray[np.uint8]
    """[H, W, 3] RGB."""


def ignore_event(event: Event) -> None:
    """Observe nothing."""


def stylise_film(
    movie: AnyPath,
    style: str,
    output: AnyPath,
    settings: Settings | None = None,
    *,
    observe: Observer = ignore_event,
    stop: threading.Event | None = None,
    restart: bool = False,
    overwrite: bool = False,
) -> Finished | Stopped:
    """Write the film in a style to `output`, with sound, subtitles and the rest; as `streamstyle run` does.

    `style` is what `--style` takes: a name, an image, a weights file, or a blend such as `wave:0.6,my.jpg:0.4`.
    `observe` gets each event (docs/protocol.md). Once `stop` is set, the frame in work is finished and the output
    closed, playable, under a partial name, and Stopped is returned; the same call resumes it, also after a crash,
    unless `restart` is set. Raises StreamstyleError for what a user can put right, with one line and the next step.
    """
    target, blend, settings = Path(output), parse_style(style), settings or Settings()
    video = probe(Path(movie), settings.source)
    check_output(target, run_inputs(video, blend, settings))
    if exists_already(target) and not overwrite:
        raise OutputError(f"{target} exists already", "Give overwrite=True to replace it, or another output.")
    return stylise_video(video, target, blend, settings, observe, stop or threading.Event(), restart=restart)


def stylise_frames(movie: AnyPath, style: str, settings: Settings | None = None) -> Iterator[StylisedPicture]:
    """Yield the frames of a film in a style, in order, each when it is asked for; nothing is written.

    What follows is stylised while the last frame is being used, a few frames ahead. Close the iterator to end early.
    Raises StreamstyleError, when the first frame is asked for or later.
    """
    settings = settings or Settings()
    video = probe(Path(movie), settings.source)
    for frame in stylised_frames(video, parse_style(style), settings):
        at = frame.position
        time = video.film_time(at.pts)
        yield StylisedPicture(time, at.index, at.shot, to_numpy(frame.image))


@gpu_errors_as_device_errors()
def stylise_image(
    image: AnyPath | NDArray[np.uint8],  # a file, or [H, W, 3] RGB
    style: str,
    settings: Settings | None = None,
) -> NDArray[np.uint8]:  # [H, W, 3] RGB
    """Return one image in a style, at its own size; of the settings those of the style and the device count.

    Raises StreamstyleError.
    """
    settings = settings or Settings()
    device = select_device(settings.device)
    pixels = image if isinstance(image, np.ndarray) else read_image(Path(image))
    network = prepare_style_net(load_blend(parse_style(style), settings.style.strength), device)
    with torch.inference_mode():
        return to_numpy(stylise_tensor(to_tensor(pixels, device), network, settings.style))
