"""The checkpoint: a file beside the partial output that says where a later run resumes and what that takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from streamstyle.errors import OutputError
from streamstyle.files import atomic_write
from streamstyle.frames import Feedback, FramePosition
from streamstyle.media.output_file import check_output, check_unlocked, partial_path, set_aside_path
from streamstyle.resume.signature import check_unchanged

RESTART_HINT = "Give --restart to start from the beginning, or choose another output with -o."

_SCHEMA = "streamstyle.checkpoint/2"
_ANY_SCHEMA = "streamstyle.checkpoint/"
_FEEDBACK = "feedback."
"""Prefix of the tensors of `ResumePoint.feedback`."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A number of finished frames, and what the next frame depends on; by default the beginning of the video."""

    frames: int = 0
    """Finished frames, counted from the first frame of the video."""
    positions: tuple[FramePosition, ...] = ()
    """Of the last finished frames, as many as the next frame looks back to, the latest last."""
    feedback: Feedback = field(default_factory=dict)
    """What the method carries from the last finished frame to the next."""

    @property
    def decode_from(self) -> FramePosition | None:
        """The first frame to decode again; None for the beginning of the video."""
        return self.positions[0] if self.positions else None

    @property
    def shot(self) -> int:
        """The shot of the first frame to decode again."""
        return self.positions[0].shot if self.positions else 0

    @property
    def last_shot(self) -> int:
        """The shot of the last finished frame."""
        return self.positions[-1].shot if self.positions else 0

    def feedback_on(self, device: torch.device) -> Feedback:
        """Return `feedback` with its tensors on the device."""
        return {name: each.to(device) if isinstance(each, Tensor) else each for name, each in self.feedback.items()}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A resume point whose frames have all been written to a file."""

    resume_point: ResumePoint
    file: str
    """Name of the file that begins with these frames, in the folder of the checkpoint."""
    signature: Mapping[str, str]
    """Everything that determines the output; see `run_signature`."""
    encoder: str
    """Hash of the decoder parameters of their encoder; see `decoder_parameters`."""
    device: str
    """The device and what else determines how results are rounded; see `describe_arithmetic`."""


def find_checkpoint(output: Path, source: Path, signature: Mapping[str, str]) -> Checkpoint | None:
    """Return the checkpoint that a run with this signature resumes from; None if there is none.

    Raises OutputError if the earlier run had another signature or is still running, or its checkpoint cannot be read.
    """
    check_output(output, source)
    check_unlocked(partial_path(output))
    checkpoint = read_checkpoint(output)
    if checkpoint is not None:
        check_unchanged(checkpoint.signature, signature, partial_path(output))
    return checkpoint


def read_checkpoint(output: Path) -> Checkpoint | None:
    """Return the checkpoint of the output; None if there is none, or the file with its frames is missing.

    Raises OutputError for one that cannot be read.
    """
    path = checkpoint_path(output)
    files = [file.name for file in (set_aside_path(output), partial_path(output)) if file.is_file()]
    if not path.is_file() or not files:
        return None
    try:
        with safe_open(path, "pt") as tensors:
            metadata = tensors.metadata() or {}
            _check_schema(path, metadata)
            content = json.loads(metadata[_SCHEMA])
            stored = {name.removeprefix(_FEEDBACK): tensors.get_tensor(name) for name in sorted(tensors.keys())}
        return _from_json(content, stored, files)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{path} cannot be read, so the run cannot be resumed", RESTART_HINT) from error


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write it atomically and durably. Raises OSError and keeps the previous one."""
    point = checkpoint.resume_point
    content = {
        "frames": point.frames,
        "positions": [asdict(position) for position in point.positions],
        "file": checkpoint.file,
        "signature": dict(checkpoint.signature),
        "encoder": checkpoint.encoder,
        "device": checkpoint.device,
        "numbers": {name: each for name, each in point.feedback.items() if not isinstance(each, Tensor)},
    }
    tensors = {
        f"{_FEEDBACK}{name}": each.cpu().contiguous()
        for name, each in point.feedback.items()
        if isinstance(each, Tensor)
    }
    atomic_write(path, save(tensors, {_SCHEMA: json.dumps(content)}), partial=_unfinished_path(path), durable=True)


def remove_checkpoint(output: Path) -> None:
    """Remove the checkpoint and an earlier partial output that was set aside; the partial output is kept."""
    path = checkpoint_path(output)
    for file in (path, _unfinished_path(path), set_aside_path(output)):
        file.unlink(missing_ok=True)


def checkpoint_path(output: Path) -> Path:
    """Return the path of the checkpoint: `film.partial.mkv.safetensors` for `film.mkv`."""
    partial = partial_path(output)
    return partial.with_name(f"{partial.name}.safetensors")  # with the suffix: film.mp4 has a checkpoint of its own


def _unfinished_path(path: Path) -> Path:
    return path.with_suffix(".new")


def _check_schema(path: Path, metadata: Mapping[str, str]) -> None:
    if _SCHEMA not in metadata and any(name.startswith(_ANY_SCHEMA) for name in metadata):
        raise OutputError(f"{path} is of another version of streamstyle, so the run cannot be resumed", RESTART_HINT)


def _from_json(content: Mapping[str, Any], tensors: Mapping[str, Tensor], files: Sequence[str]) -> Checkpoint:
    """Return the checkpoint with the present name of its file, which may have been renamed since."""
    file = content["file"] if content["file"] in files else files[0]
    positions = tuple(FramePosition(**position) for position in content["positions"])
    point = ResumePoint(content["frames"], positions, {**tensors, **content["numbers"]})
    return Checkpoint(point, file, content["signature"], content["encoder"], content["device"])
