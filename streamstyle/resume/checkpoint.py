"""The checkpoint: a file beside the partial output that says where, and with what, a later run resumes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from streamstyle.errors import OutputError
from streamstyle.files import atomic_write
from streamstyle.frames import FramePosition
from streamstyle.media.output_file import check_output, check_unlocked, partial_path, set_aside_path
from streamstyle.resume.signature import check_unchanged

_SCHEMA = "streamstyle.checkpoint/1"


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """How many frames are done, and what the next one looks back to; by default none are."""

    frames: int = 0
    """Frames that are done, from the first on."""
    positions: tuple[FramePosition, ...] = ()
    """Of the last of them, as many as the next frame looks back to, the latest last."""
    feedback: tuple[Tensor, ...] = ()
    """[3, H, W] float32 in [0, 1] each: the outputs that the next frame follows from, the latest last."""

    @property
    def decode_from(self) -> FramePosition | None:
        """The first frame that has to be decoded again; None for the beginning of the video."""
        return self.positions[0] if self.positions else None

    @property
    def shot(self) -> int:
        """The shot of the first frame that is decoded again."""
        return self.positions[0].shot if self.positions else 0

    @property
    def last_shot(self) -> int:
        """The shot of the last frame that is done."""
        return self.positions[-1].shot if self.positions else 0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A resume point whose frames are all in a file."""

    resume_point: ResumePoint
    file: str
    """Name of the file, beside the checkpoint, that begins with these frames."""
    signature: Mapping[str, str]
    """All that decides what the output looks like; see `run_signature`."""
    encoder: str
    """Hash of what a decoder has to know of the encoder that made them."""
    device: str
    """`cpu` or `cuda`."""


def checkpoint_path(output: Path) -> Path:
    """Return the path of the checkpoint: `film.partial.mkv.safetensors` for `film.mkv`."""
    partial = partial_path(output)
    return partial.with_name(f"{partial.name}.safetensors")  # film.mp4 has one of its own


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write it, whole and on the disk, or leave what was there. OSError where that cannot be."""
    point = checkpoint.resume_point
    content = {
        "frames": point.frames,
        "positions": [_position_to_json(position) for position in point.positions],
        "file": checkpoint.file,
        "signature": dict(checkpoint.signature),
        "encoder": checkpoint.encoder,
        "device": checkpoint.device,
    }
    tensors = {f"feedback.{n:02}": image.float().cpu().contiguous() for n, image in enumerate(point.feedback)}
    atomic_write(path, save(tensors, {_SCHEMA: json.dumps(content)}), partial=_unfinished_path(path), durable=True)


def read_checkpoint(output: Path) -> Checkpoint | None:
    """Return the checkpoint of the output; None where there is none, or the file with its frames is gone.

    OutputError for one that cannot be read.
    """
    path = checkpoint_path(output)
    files = [file.name for file in (set_aside_path(output), partial_path(output)) if file.is_file()]
    if not path.is_file() or not files:
        return None
    try:
        with safe_open(path, "pt") as tensors:
            content = json.loads(tensors.metadata()[_SCHEMA])
            feedback = tuple(tensors.get_tensor(name) for name in sorted(tensors.keys()))
        return _from_json(content, feedback, files)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{path} cannot be read, so nobody knows where to go on",
            "Begin anew with --restart, or choose another output with -o.",
        ) from error


def find_checkpoint(output: Path, source: Path, signature: Mapping[str, str]) -> Checkpoint | None:
    """Return the checkpoint that a run with this signature resumes at; None where there is none.

    OutputError where the earlier run had another signature, is still running, or left a checkpoint that cannot be read.
    """
    check_output(output, source)
    check_unlocked(partial_path(output))
    checkpoint = read_checkpoint(output)
    if checkpoint is not None:
        check_unchanged(checkpoint.signature, signature, partial_path(output))
    return checkpoint


def remove_checkpoint(output: Path) -> None:
    """Remove the checkpoint, and an earlier partial output that was set aside; the partial output stays."""
    path = checkpoint_path(output)
    for left_over in (path, _unfinished_path(path), set_aside_path(output)):
        left_over.unlink(missing_ok=True)


def _unfinished_path(path: Path) -> Path:
    return path.with_suffix(".new")


def _position_to_json(position: FramePosition) -> dict[str, Any]:
    return {"index": position.index, "pts": position.pts, "shot": position.shot, "seekable": position.seekable}


def _position_from_json(position: Mapping[str, Any]) -> FramePosition:
    return FramePosition(position["index"], position["pts"], position["shot"], position["seekable"])


def _from_json(content: Mapping[str, Any], feedback: tuple[Tensor, ...], files: Sequence[str]) -> Checkpoint:
    """Return the checkpoint with the name that the file has now: it may have been renamed since."""
    file = content["file"] if content["file"] in files else files[0]
    positions = tuple(_position_from_json(position) for position in content["positions"])
    point = ResumePoint(content["frames"], positions, feedback)
    return Checkpoint(point, file, content["signature"], content["encoder"], content["device"])
