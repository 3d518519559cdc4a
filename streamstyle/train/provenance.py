"""How a network was made: what every training command writes into the metadata of its weights file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from streamstyle.models.metadata import read_metadata
from streamstyle.train.image_data import list_images, training_images
from streamstyle.train.settings import LOSS_SETTINGS


def training_metadata(command: Sequence[str], trained_on: str, start: Path | None = None) -> dict[str, str]:
    """Return command, training data and date, and the commands that made the weights in `start`, if given."""
    previous = {"previous_training": training_commands(start)} if start is not None else {}
    return {"trained_on": trained_on, "command": shlex.join(command), "date": date.today().isoformat(), **previous}


def command_options(settings: Any, *names: str) -> list[str]:
    """Return fields of training settings as options of a command, in the order of `names`.

    Files and folders appear by name only. Fields that are None or empty are left out, and with a teacher those of the
    loss, which is not computed then.
    """
    unused = LOSS_SETTINGS if getattr(settings, "teacher", None) else ()
    options: list[str] = []
    for name in names:
        value = getattr(settings, name)
        if value not in (None, "") and name not in unused:
            options += [f"--{name.replace('_', '-')}", value.name if isinstance(value, Path) else str(value)]
    return options


def count_training_images(folder: Path) -> int:
    """Return the number of images below `folder` that are not held out; raises StyleError if it has no images."""
    return len(training_images(list_images(folder)))


def training_commands(weights: Path) -> str:
    """Return the commands that made the weights, in their order, joined by `&&`."""
    metadata = read_metadata(weights)
    return " && ".join(metadata[key] for key in ("previous_training", "command") if metadata.get(key))
