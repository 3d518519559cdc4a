"""From what is typed after `--style` to weights that are ready, learned first if need be."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from streamstyle.errors import OutputError
from streamstyle.events import Event, Learned, LearningStopped, Observer, StyleLearned
from streamstyle.library import GROUND, Style, find_style, keep_path, kept_name, known_style, unknown_style
from streamstyle.settings import Device, LearnSettings

_IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".jp2"})


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
    learned = learn(wanted.image, weights, LearnSettings(), device, observe, stop, known_style(GROUND).path)
    return find_style(str(weights)) if learned else None


def learn(
    image: Path,
    weights: Path,
    settings: LearnSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    start: Path | None = None,
) -> bool:
    """Learn the style of an image into a weights file, and say so; return whether it came to its end."""
    from streamstyle.train.style import learn_style

    last = Learned(0, 0, 0.0, 0.0)

    def listen(event: Event) -> None:
        nonlocal last
        last = event if isinstance(event, Learned) else last
        observe(event)

    _make_folder(weights.parent)
    learn_style(image, weights, settings, device, listen, stop, start)
    if stop.is_set():
        observe(LearningStopped(kept_name(weights), last.step))
        return False
    observe(StyleLearned(kept_name(weights), str(image), str(weights), last.elapsed))
    return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made ({error.strerror})", "Make it writable.") from error
