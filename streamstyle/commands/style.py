"""From what is typed after `--style` to the styles that are meant, and `learn` for the commands that do."""

from __future__ import annotations

import math
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from streamstyle.errors import OutputError, StyleError
from streamstyle.events import Event, Learned, LearningStopped, Observer, StyleLearned
from streamstyle.library import find_style, kept_name, unknown_style
from streamstyle.mix import Ingredient, Mix
from streamstyle.settings import Device
from streamstyle.train_settings import LearnSettings

if TYPE_CHECKING:
    from streamstyle.train.style import Start

_IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".jp2"})
_SHARE = re.compile(r"(?P<style>.+):(?P<share>[0-9]*\.?[0-9]+)")


def wanted_mix(text: str) -> Mix:
    """Return the style or the blend that is meant, such as `wave` or `wave:0.6,my.jpg:0.4`.

    Shares are relative; one that is not given is 1. Raises StyleError where there is no such style.
    """
    parts = [text] if _is_one(text) else [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise unknown_style(text)
    named = [_ingredient(part) for part in parts]
    if not sum(ingredient.share for _, ingredient in named):
        raise StyleError(f"the shares of {text} are all 0", "Give one of the styles a share above 0.")
    used = [(name, ingredient) for name, ingredient in named if ingredient.share]
    return Mix("+".join(name for name, _ in used), tuple(ingredient for _, ingredient in used))


def _is_one(text: str) -> bool:
    """Return whether the text, commas and colons and all, names one style or file."""
    return Path(text).is_file() or (not text.endswith(".safetensors") and find_style(text) is not None)


def _ingredient(text: str) -> tuple[str, Ingredient]:
    shared = None if Path(text).exists() else _SHARE.fullmatch(text)
    style, share = (shared["style"], float(shared["share"])) if shared else (text, 1.0)
    if not math.isfinite(share):
        raise StyleError(f"{text} has no share that can be used", "Give a number such as 0.5 after the colon.")
    known = find_style(style)
    image = Path(style)
    if known is not None:
        painting = image if image.is_file() and image.suffix != ".safetensors" else None
        return known.name, Ingredient(known.path, share, painting)
    if not image.is_file() and image.suffix.lower() not in _IMAGES:
        raise unknown_style(style)
    if not image.is_file():
        raise StyleError(f"there is no image {image}", "Check the path.")
    return re.sub(r"\s+", "_", image.stem), Ingredient(image, share)


def learn(
    image: Path,
    weights: Path,
    settings: LearnSettings,
    device: Device,
    observe: Observer,
    stop: threading.Event,
    start: Start,
) -> bool:
    """Learn the style of an image into a weights file, and say so; return whether it came to its end."""
    from streamstyle.train.style import learn_style

    last = Learned(0, 0, 0.0, 0.0)

    def listen(event: Event) -> None:
        nonlocal last
        last = event if isinstance(event, Learned) else last
        observe(event)

    make_folder(weights.parent)
    learn_style(image, weights, settings, device, listen, stop, start)
    if stop.is_set():
        observe(LearningStopped(kept_name(weights), last.step))
        return False
    observe(StyleLearned(kept_name(weights), str(image), str(weights), last.elapsed))
    return True


def make_folder(folder: Path) -> None:
    """Make a folder where there is none yet; raises OutputError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made ({error.strerror})", "Make it writable.") from error
