"""The checkpoint file has the names and structure of the golden file, so that a later version can read it."""

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from streamstyle.frames import FramePosition
from streamstyle.resume.checkpoint import (
    Checkpoint,
    ResumePoint,
    checkpoint_path,
    read_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)
from streamstyle.resume.signature import run_signature
from streamstyle.settings import Settings
from streamstyle.styles.spec import BlendPart, StyleBlend
from streamstyle.video_info import VideoInfo
from tests.films import pan, write_film
from tests.video_io import random_style, read_video

GOLDEN = Path(__file__).with_name("golden_checkpoint.json")


@pytest.fixture
def video(tmp_path: Path) -> VideoInfo:
    return read_video(write_film(tmp_path / "film.mkv", pan(frames=3, width=64, height=48).frames))[0]


@pytest.fixture
def checkpoint(tmp_path: Path, video: VideoInfo) -> Checkpoint:
    style = StyleBlend("nonsense", (BlendPart(random_style(tmp_path)),))
    positions = (FramePosition(0, 0, 0, seekable=True), FramePosition(1, 40, 0, seekable=True))
    point = ResumePoint(2, positions, (torch.zeros(3, 4, 6), torch.ones(3, 4, 6)))
    return Checkpoint(point, "painted.partial.mkv", run_signature(video, style, Settings()), "0123456789abcdef", "cpu")


def masked_contents(path: Path) -> object:
    """Metadata and tensors; what differs between runs and versions is masked."""
    with safe_open(path, "pt") as file:
        metadata = {schema: json.loads(text) for schema, text in file.metadata().items()}
        tensors = {
            name: [str(file.get_tensor(name).dtype), list(file.get_tensor(name).shape)] for name in sorted(file.keys())
        }
    for content in metadata.values():
        signature = content["signature"]
        signature["version"] = "*"
        for name, value in signature.items():
            signature[name] = re.sub(r"[0-9a-f]{32}", "*", value)
    return {"metadata": metadata, "tensors": tensors}


def test_a_checkpoint_has_the_structure_of_the_golden_file(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, checkpoint)
    assert masked_contents(path) == json.loads(GOLDEN.read_text())


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path, checkpoint: Checkpoint) -> None:
    output = tmp_path / "painted.mkv"
    write_checkpoint(checkpoint_path(output), checkpoint)
    assert read_checkpoint(output) is None, "the file with its frames is missing"
    (tmp_path / checkpoint.file).write_bytes(b"two frames")
    found = read_checkpoint(output)
    assert found is not None
    assert found.signature == checkpoint.signature
    assert found.resume_point.positions == checkpoint.resume_point.positions
    for one, other in zip(found.resume_point.feedback, checkpoint.resume_point.feedback, strict=True):
        assert torch.equal(one, other)
    remove_checkpoint(output)
    assert read_checkpoint(output) is None
