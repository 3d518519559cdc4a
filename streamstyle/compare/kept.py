"""The films of a comparison, each kept with what it took to make it, so that none is made twice."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from streamstyle.errors import OutputError
from streamstyle.machine_info import MachineInfo


@dataclass(frozen=True, slots=True)
class Making:
    """What is remembered of a film's making."""

    method: str
    frames: int
    seconds_per_frame: float
    """By the clock, without the first frame, which waits for everything to begin."""
    cpu_seconds_per_frame: float
    """The same of the processor's time, all threads together: what else the machine does counts less."""
    date: str
    """UTC, ISO 8601."""
    machine: MachineInfo


def parts_folder(output: Path) -> Path:
    """Return where the films of a comparison are kept: `compare.parts` for `compare.mkv`."""
    return output.with_suffix(".parts")


def film_path(folder: Path, name: str) -> Path:
    """Return where a method's film lies."""
    return folder / f"{name}.mkv"


def find_making(folder: Path, name: str) -> Making | None:
    """Return how a film was made; None where it is not there whole, or nothing is known of it."""
    known = read_record(folder / f"{name}.json")
    if known is None or not film_path(folder, name).is_file():
        return None
    try:
        return Making(**known)
    except TypeError:  # written by another version
        return None


def keep_making(folder: Path, name: str, making: Making) -> None:
    """Remember how a film was made, once it lies there whole."""
    write_record(folder / f"{name}.json", asdict(making))


def read_record(path: Path) -> dict[str, Any] | None:
    """Return a JSON object; None where there is none that can be read."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a JSON object, whole or not at all; OutputError where that cannot be."""
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror})", "Choose another place with -o.") from error
