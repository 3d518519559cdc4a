"""The films of a comparison, each kept with what it took to make it, so that none is made twice."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from streamstyle.errors import OutputError
from streamstyle.files import atomic_write, read_json
from streamstyle.machine_info import MachineInfo


@dataclass(frozen=True, slots=True)
class RunRecord:
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


def archive_folder(output: Path) -> Path:
    """Return where the films of a comparison are kept: `compare.parts` for `compare.mkv`."""
    return output.with_suffix(".parts")


def film_path(folder: Path, name: str) -> Path:
    """Return where a method's film lies."""
    return folder / f"{name}.mkv"


def find_record(folder: Path, name: str) -> RunRecord | None:
    """Return how a film was made; None where it is not there whole, or nothing is known of it."""
    known = read_json(folder / f"{name}.json")
    if not known or not film_path(folder, name).is_file():
        return None
    try:
        return RunRecord(**known)
    except TypeError:  # written by another version
        return None


def save_record(folder: Path, name: str, record: RunRecord) -> None:
    """Remember how a film was made, once it lies there whole."""
    write_record(folder / f"{name}.json", asdict(record))


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a JSON object, whole or not at all; OutputError where that cannot be."""
    try:
        atomic_write(path, json.dumps(record, indent=1))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror})", "Choose another place with -o.") from error
