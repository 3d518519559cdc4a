"""From what is typed after `--style` to weights that are ready, learned first if need be."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from streamstyle.events import Event, Observer
from streamstyle.library import Style, find_style, keep_path, kept_name, unknown_style
from streamstyle.settings import Device, LearnSettings

_IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".jp2"})


@dataclass(frozen=True, slots=True)
class StyleLearned(Event):
    """A style has been learned and is kept in the library."""

    style: str
    image: str
    path: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A style as asked for: known, or an image to learn it from."""

    name: str
    known: Style | None
    image: Path | None


def wanted_style(text: str) -> Wanted:
    """Return the style that is meant; raises StyleError where there is none."""
    known = find_style(text)
    if known is not None:
        return Wanted(known.name, known, None)
    image = Path(text)
    if not image.is_file() and image.suffix.lower() not in _IMAGES:
        raise unknown_style(text)
    return Wanted(kept_name(keep_path(image)), None, image)


def ready_style(wanted: Wanted, device: Device, observe: Observer, stop: threading.Event) -> Style | None:
    """Return the style with its weights, learning them if they are new; None where that was stopped."""
    if wanted.known is not None or wanted.image is None:
        return wanted.known
    weights = keep_path(wanted.image)
    learn(wanted.image, weights, LearnSettings(), device, observe, stop)
    return None if stop.is_set() else find_style(str(weights))


def learn(
    image: Path,
    weights: Path,
    settings: LearnSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
) -> None:
    """Learn the style of an image into a weights file, and say so."""
    from streamstyle.train.style import learn_style

    weights.parent.mkdir(parents=True, exist_ok=True)
    learn_style(image, weights, settings, device, observe, stop)
    if not stop.is_set():
        observe(StyleLearned(kept_name(weights), str(image), str(weights)))
