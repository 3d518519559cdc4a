"""The checkpoint file has the names and structure of the golden file, so that a later version can read it."""

import json
import os
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from streamstyle.errors import OutputError
from streamstyle.frames import FramePosition
from streamstyle.media.output_names import checkpoint_path, partial_path
from streamstyle.resume.checkpoint import (
    Checkpoint,
    FileIdentity,
    ResumePoint,
    read_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)
from streamstyle.resume.checkpoint_frames import frames_in_checkpoint
from streamstyle.resume.packet_digest import Digest
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
    point = ResumePoint(2, positions, {"output.00": torch.zeros(3, 4, 6), "planes": torch.ones(10, 2, 3), "count": 7})
    signature = run_signature(video, style, Settings())
    files = {"painted.partial.mkv": FileIdentity(12, 100, "0123456789abcdef")}
    digest = Digest("0123456789abcdef", "fedcba9876543210")
    return Checkpoint(point, "painted.partial.mkv", signature, "0123456789abcdef", "cpu", digest, files)


def masked_contents(path: Path) -> object:
    """Metadata and tensors; what differs between runs and versions is masked."""
    with safe_open(path, "pt") as file:
        checksum = file.metadata().pop("streamstyle.checksum")
        assert len(checksum) == 32
        metadata = {name: json.loads(text) for name, text in file.metadata().items() if name != "streamstyle.checksum"}
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
    write_checkpoint(tmp_path / "painted.mkv", checkpoint)
    assert frames_in_checkpoint(tmp_path / "painted.mkv") == checkpoint.resume_point.frames > 0
    assert frames_in_checkpoint(tmp_path / "other.mkv") == 0
    contents = masked_contents(checkpoint_path(tmp_path / "painted.mkv"))
    if os.environ.get("STREAMSTYLE_WRITE_GOLDEN"):
        GOLDEN.write_text(f"{json.dumps(contents, indent=2)}\n", encoding="utf-8")
    assert contents == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "painted.mkv"
    partial_path(output).write_bytes(b"two frames")
    save_file({}, checkpoint_path(output), {"streamstyle.checkpoint/1": "{}"})
    with pytest.raises(OutputError, match="of another version of streamstyle") as refused:
        read_checkpoint(output)
    assert "--restart" in refused.value.next_step


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path, checkpoint: Checkpoint) -> None:
    output = tmp_path / "painted.mkv"
    write_checkpoint(output, checkpoint)
    assert read_checkpoint(output) is None, "the file with its frames is missing"
    (tmp_path / checkpoint.file).write_bytes(b"two frames")
    found = read_checkpoint(output)
    assert found is not None
    assert found.signature == checkpoint.signature
    assert found.resume_point.positions == checkpoint.resume_point.positions
    feedback = dict(found.resume_point.feedback)
    assert feedback.pop("count") == 7
    assert sorted(feedback) == ["output.00", "planes"]
    for name, tensor in feedback.items():
        assert torch.equal(tensor, checkpoint.resume_point.feedback[name])
    remove_checkpoint(output)
    assert read_checkpoint(output) is None
