"""`learn` for the commands that do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from streamstyle.errors import OutputError
from streamstyle.events import Event, Learned, LearningStopped, Observer, StyleLearned
from streamstyle.library import kept_name
from streamstyle.settings import Device
from streamstyle.train_settings import LearnSettings

if TYPE_CHECKING:
    from streamstyle.train.style import Start


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
