"""What a later run needs in order to go on where one was stopped: a file beside the partial film."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from streamstyle.errors import OutputError
from streamstyle.frame import Place
from streamstyle.media.output import earlier_path, partial_path, publish

_FORMAT = "streamstyle.checkpoint/1"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run has come, and what the frames to come look back to."""

    frames: int
    """Painted, from the first on."""
    places: tuple[Place, ...]
    """Of the last of them, as many as are looked back to, the latest last."""
    carried: tuple[Tensor, ...]
    """[3, H, W] float32 in [0, 1] each: the outputs of those that the next frame follows from, the latest last."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run stood when a file held all frames up to there."""

    standing: Standing
    file: str
    """Name of the file, beside the checkpoint, that begins with these frames."""
    recipe: Mapping[str, str]
    """All that decides what the film looks like, in the user's terms."""
    encoder: str
    """Stands for what a decoder has to know of the encoder that made them."""
    device: str
    """`cpu` or `cuda`."""


def checkpoint_path(output: Path) -> Path:
    """Return where the checkpoint of a partial film lies: `film.partial.mkv.safetensors` for `film.mkv`."""
    partial = partial_path(output)
    return partial.with_name(f"{partial.name}.safetensors")  # film.mp4 has one of its own


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write it, whole and on the disk, or leave what was there. OSError where that cannot be."""
    standing = checkpoint.standing
    about = {
        "frames": standing.frames,
        "places": [asdict(place) for place in standing.places],
        "file": checkpoint.file,
        "recipe": dict(checkpoint.recipe),
        "encoder": checkpoint.encoder,
        "device": checkpoint.device,
    }
    tensors = {f"{number:02}": tensor.float().cpu().contiguous() for number, tensor in enumerate(standing.carried)}
    growing = _growing(path)
    try:
        growing.write_bytes(save(tensors, {_FORMAT: json.dumps(about)}))
        publish(growing, path)
    except OSError:
        growing.unlink(missing_ok=True)
        raise


def _growing(path: Path) -> Path:
    return path.with_suffix(".new")


def read_checkpoint(output: Path) -> Checkpoint | None:
    """Return the checkpoint of the output's partial film; None where there is none, or its film is gone.

    OutputError for one that cannot be read.
    """
    path = checkpoint_path(output)
    films = [film for film in (earlier_path(output), partial_path(output)) if film.is_file()]
    if not path.is_file() or not films:
        return None
    try:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()[_FORMAT])
            carried = tuple(file.get_tensor(name) for name in sorted(file.keys()))
        return _checkpoint(about, carried, [film.name for film in films])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{path} cannot be read, so nobody knows where to go on",
            "Begin anew with --restart, or choose another output with -o.",
        ) from error


def _checkpoint(about: Mapping[str, Any], carried: tuple[Tensor, ...], films: Sequence[str]) -> Checkpoint:
    """Return it with the file where its frames are now: it was renamed if that which it names is not there."""
    file = about["file"] if about["file"] in films else films[0]
    places = tuple(Place(**place) for place in about["places"])
    standing = Standing(about["frames"], places, carried)
    return Checkpoint(standing, file, about["recipe"], about["encoder"], about["device"])


def forget_checkpoint(output: Path) -> None:
    """Remove a checkpoint, and what an earlier run left besides; the partial film stays."""
    path = checkpoint_path(output)
    for left in (path, _growing(path), earlier_path(output)):
        left.unlink(missing_ok=True)
