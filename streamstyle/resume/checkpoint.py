"""The checkpoint: a file beside the partial output that says where a later run resumes and what that takes.

It is a safetensors file that carries a checksum of all of its bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from streamstyle.errors import OutputError
from streamstyle.files import atomic_write
from streamstyle.frames import Feedback, FramePosition
from streamstyle.media.output_names import (
    checkpoint_path,
    partial_path,
    set_aside_path,
    unfinished_checkpoint_path,
)
from streamstyle.resume.packet_digest import Digest

RESTART_HINT = "Give --restart to start from the beginning, or choose another output with -o."
MOVE_HINT = "Move it away, or choose another output with -o."

_MAGIC = "streamstyle.checkpoint/"
_SCHEMA = f"{_MAGIC}2"
_CHECKSUM = "streamstyle.checksum"
_NO_CHECKSUM = "?" * 32
"""Stands in place of the checksum where that is computed."""

_FEEDBACK = "feedback."
"""Prefix of the tensors of `ResumePoint.feedback`."""

_HEAD_BYTES = 4096
"""Bytes at the beginning of a file by which it is known again."""


class DamagedError(OutputError):
    """A file that an earlier run wrote is not as it was written; there is nothing to resume."""


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
class FileIdentity:
    """By what a file is known to be one that a run has written."""

    inode: int
    head_bytes: int
    head: str
    """Digest of the first `head_bytes` bytes."""

    @classmethod
    def of(cls, path: Path, head: bytes | None = None) -> FileIdentity:
        """Return the identity of a file; `head` are the bytes that it is about to begin with. Raises OSError."""
        head = _read_head(path) if head is None else head[:_HEAD_BYTES]
        return cls(path.lstat().st_ino, len(head), _digest(head))

    def matches(self, path: Path) -> bool:
        """Return whether a file is that one; the inode alone does not tell: a new file often gets that of a removed."""
        try:
            head = _read_head(path)[: self.head_bytes]
            return path.lstat().st_ino == self.inode and _digest(head) == self.head
        except OSError:
            return False


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
    digest: Digest
    """Of the packets of these frames."""
    files: Mapping[str, FileIdentity] = field(default_factory=dict)
    """The partial outputs, by name, that the run has written or set aside."""


def device_notice(frames: int, before: str, now: str) -> str | None:
    """Return what to tell the user if the frames that a run resumes after were made by other arithmetic; else None."""
    if frames == 0 or before == now:
        return None
    return f"{frames} frames were made on {before}, the others will be on {now}: they may differ slightly"


def read_checkpoint(output: Path) -> Checkpoint | None:
    """Return the checkpoint of the output; None if there is none, or no file with its frames.

    Raises DamagedError for one that is damaged, OutputError for one of another version, or if the file is none.
    """
    path = checkpoint_path(output)
    files = [file.name for file in (set_aside_path(output), partial_path(output)) if has_content(file)]
    if not has_content(path) or not files:
        return None
    checkpoint = _read(path)
    return replace(
        checkpoint, file=checkpoint.file if checkpoint.file in files else files[0]
    )  # it may be renamed since


def read_sequence_checkpoint(output: Path) -> Checkpoint | None:
    """Return the checkpoint of an image sequence, whose frames are files of their own; None if there is none.

    Raises as `read_checkpoint`.
    """
    path = checkpoint_path(output)
    return _read(path) if has_content(path) else None


def _read(path: Path) -> Checkpoint:
    if not is_checkpoint(path):
        raise OutputError(f"{path} is no checkpoint of streamstyle", MOVE_HINT)
    try:
        return _parse(path, path.read_bytes())
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"{path} is damaged, so the run cannot be resumed", RESTART_HINT) from error


def write_checkpoint(output: Path, checkpoint: Checkpoint) -> None:
    """Write it atomically and durably. Raises OSError and keeps the previous one."""
    point = checkpoint.resume_point
    content = {
        "frames": point.frames,
        "positions": [asdict(position) for position in point.positions],
        "file": checkpoint.file,
        "signature": dict(checkpoint.signature),
        "encoder": checkpoint.encoder,
        "device": checkpoint.device,
        "digest": asdict(checkpoint.digest),
        "files": {name: asdict(identity) for name, identity in checkpoint.files.items()},
        "numbers": {name: each for name, each in point.feedback.items() if not isinstance(each, Tensor)},
    }
    tensors = {
        f"{_FEEDBACK}{name}": each.cpu().contiguous()
        for name, each in point.feedback.items()
        if isinstance(each, Tensor)
    }
    unsealed = save(tensors, {_SCHEMA: json.dumps(content), _CHECKSUM: _NO_CHECKSUM})
    sealed = unsealed.replace(_NO_CHECKSUM.encode(), _digest(unsealed).encode(), 1)
    atomic_write(checkpoint_path(output), sealed, partial=unfinished_checkpoint_path(output), durable=True)


def remove_checkpoint(output: Path) -> None:
    """Remove the checkpoint, whole or unfinished; files that are none stay."""
    for path in (checkpoint_path(output), unfinished_checkpoint_path(output)):
        if os.path.lexists(path) and (not has_content(path) or is_checkpoint(path)):
            path.unlink(missing_ok=True)


def is_checkpoint(path: Path) -> bool:
    """Return whether the file, whatever its version and state, was written as a checkpoint."""
    try:
        return _MAGIC.encode() in _read_head(path)
    except OSError:
        return False


def has_content(path: Path) -> bool:
    """Return whether the file exists and is not empty."""
    try:
        return path.lstat().st_size > 0
    except OSError:
        return False


def _parse(path: Path, content: bytes) -> Checkpoint:
    """Return the checkpoint in a file. OutputError for another version, ValueError and others for a damaged one."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = header["__metadata__"]
    if _SCHEMA not in metadata and any(name.startswith(_MAGIC) for name in metadata):
        raise OutputError(f"{path} is of another version of streamstyle, so the run cannot be resumed", RESTART_HINT)
    checksum = metadata[_CHECKSUM]
    if _digest(content.replace(checksum.encode(), _NO_CHECKSUM.encode(), 1)) != checksum:
        raise ValueError("wrong checksum")
    stored, tensors = json.loads(metadata[_SCHEMA]), load(content)
    feedback = {name.removeprefix(_FEEDBACK): tensors[name] for name in sorted(tensors)}
    positions = tuple(FramePosition(**position) for position in stored["positions"])
    return Checkpoint(
        ResumePoint(stored["frames"], positions, {**feedback, **stored["numbers"]}),
        stored["file"],
        stored["signature"],
        stored["encoder"],
        stored["device"],
        Digest(**stored["digest"]),
        {name: FileIdentity(**identity) for name, identity in stored["files"].items()},
    )


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
